import Reactor

/// Where an upstream server is: scheme, host and port (RFC 6454 section 4).
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// How it is spoken to.
    public enum Scheme: String, Sendable {
        case http, https

        /// The port that goes without saying.
        public var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    /// How it is spoken to.
    public let scheme: Scheme
    /// The host name in lower case or the numeric address, without brackets.
    public let host: String
    /// The port.
    public let port: UInt16

    /// Reads `https://host`, with an optional port and an optional slash at the end.
    /// - Parameter text: host names in ASCII; IPv6 addresses in brackets.
    /// - Throws: `UpstreamError` with the cause `.invalidURL` for anything else.
    public init(_ text: String) throws(UpstreamError) {
        let url = try URLText(text)
        guard url.target == "/" else {
            throw UpstreamError(.invalidURL("an origin has no path or query"), at: text)
        }
        self = url.origin
    }

    init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Host and port as in the Host field: IPv6 in brackets, the port only when it is not the scheme's.
    public var authority: String { port == scheme.defaultPort ? bracketedHost : hostAndPort }

    /// Host and port as in a CONNECT request.
    public var hostAndPort: String { "\(bracketedHost):\(port)" }

    /// As a URL without a slash at its end.
    public var description: String { "\(scheme.rawValue)://\(authority)" }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}
