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
    /// Host and port as in the Host field: IPv6 in brackets, the port only when it is not the scheme's.
    public let authority: String
    /// As pages of the server itself name where they come from (RFC 6454 section 6.2).
    let webOrigin: String
    /// The absolute path of the Unix socket that takes the place of host and port.
    public let socketPath: String?

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

    /// A server that is reached by plain HTTP over a Unix socket; it is told that its name is localhost.
    /// - Parameter socketPath: an absolute path that fits the system's addresses.
    /// - Throws: `UpstreamError` with the cause `.invalidURL` when it is not.
    public init(socketPath: String) throws(UpstreamError) {
        guard socketPath.hasPrefix("/"), UnixSocket.isValid(path: socketPath) else {
            let reason =
                "a Unix socket needs an absolute path of at most \(UnixSocket.maximumPathBytes) bytes"
            throw UpstreamError(.invalidURL(reason), at: "unix:\(socketPath)")
        }
        self.init(scheme: .http, host: "localhost", port: 80, socketPath: socketPath)
    }

    init(scheme: Scheme, host: String, port: UInt16, socketPath: String? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.socketPath = socketPath
        let bracketed = host.contains(":") ? "[\(host)]" : host
        authority = port == scheme.defaultPort ? bracketed : "\(bracketed):\(port)"
        webOrigin = "\(scheme.rawValue)://\(authority)"
    }

    /// Host and port as in a CONNECT request.
    public var hostAndPort: String { "\(bracketedHost):\(port)" }

    /// As a URL without a slash at its end; `unix:` and the path for a Unix socket.
    public var description: String {
        if let socketPath { return "unix:\(socketPath)" }
        return webOrigin
    }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}
