import Bytes
import FoundationEssentials

/// An HTTP proxy: requests for http origins are sent to it whole, those for https ones go through a tunnel that it
/// makes (CONNECT, RFC 9110 section 9.3.6).
public struct Proxy: Sendable, Equatable {
    /// The port of a proxy that is given without one, as in curl.
    private static let defaultPort: UInt16 = 1080

    /// The proxy's host name or numeric address, without brackets.
    public let host: String
    /// The proxy's port.
    public let port: UInt16
    /// The value of the Proxy-Authorization field; `nil` without a user name.
    let authorization: String?

    /// Reads `[http://][user[:password]@]host[:port]`.
    /// - Parameters:
    ///   - text: the proxy's URL; user and password percent-encoded.
    ///   - name: the variable or option it is the value of, for the message.
    /// - Throws: `UpstreamError` with the cause `.proxy`; the message never has the password.
    public init(_ text: String, from name: String) throws(UpstreamError) {
        var rest = text[...]
        if let separator = rest.firstRange(of: "://") {
            let scheme = rest[..<separator.lowerBound].lowercased()
            guard scheme == "http" else {
                throw UpstreamError(.proxy("\(scheme):// proxies are not supported, only http://"), at: name)
            }
            rest = rest[separator.upperBound...]
        }
        rest = rest[..<(rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex)]
        guard let authority = Authority(rest, defaultPort: Self.defaultPort) else {
            throw UpstreamError(.proxy("the value is not like http://host:port"), at: name)
        }
        host = authority.host
        port = authority.port
        guard let userInformation = authority.userInformation else {
            authorization = nil
            return
        }
        let parts = userInformation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var credentials: [UInt8] = []
        for (place, part) in parts.enumerated() {
            if place == 1 { credentials.append(UInt8(ascii: ":")) }
            guard PercentCoding.decode(Array(part.utf8).span, into: &credentials) else {
                throw UpstreamError(.proxy("user name or password is not percent-encoded properly"), at: name)
            }
        }
        if parts.count == 1 { credentials.append(UInt8(ascii: ":")) }
        authorization = "Basic " + Data(credentials).base64EncodedString()
    }

    /// Host and port, without user and password.
    var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
