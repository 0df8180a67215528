import Bytes
import Reactor

/// An absolute `http` or `https` URL taken apart (RFC 3986), and references resolved against it.
///
/// It takes what may go into a request as it is and refuses the rest: user information, control characters, spaces.
public struct URLText: Sendable, Equatable, CustomStringConvertible {
    /// Scheme, host and port.
    public let origin: Origin
    /// Path and query as in a request line; begins with a slash.
    public let target: String

    /// Takes an absolute URL apart; a fragment is dropped.
    /// - Throws: `UpstreamError` with the cause `.invalidURL` that says what is wrong.
    public init(_ text: String) throws(UpstreamError) {
        let whole = try Self.withoutFragment(text)
        guard let colon = whole.firstRange(of: "://"),
            let scheme = Origin.Scheme(rawValue: whole[..<colon.lowerBound].lowercased())
        else {
            let shown = Self.withoutUserInformation(text)
            throw UpstreamError(.invalidURL("it does not begin with http:// or https://"), at: shown)
        }
        let rest = whole[colon.upperBound...]
        let end = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
        guard let authority = Authority(rest[..<end], defaultPort: scheme.defaultPort) else {
            let shown = Self.withoutUserInformation(text)
            throw UpstreamError(.invalidURL("it has no valid host name and port"), at: shown)
        }
        guard authority.userInformation == nil else {
            let shown = Self.withoutUserInformation(text)
            throw UpstreamError(.invalidURL("it contains a user name or password"), at: shown)
        }
        origin = Origin(scheme: scheme, host: authority.host, port: authority.port)
        target = Self.normalised(rest[end...])
    }

    /// A URL of `origin` with a path and query.
    /// - Throws: `UpstreamError` with the cause `.invalidURL` when `target` does not begin with a slash or has a character
    ///   that may not be in a URL.
    public init(_ origin: Origin, target: String) throws(UpstreamError) {
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ Self.isAllowed($0) && $0 != 0x23 }) else {
            let reason = "a request target begins with a slash and has no spaces, control characters or #"
            throw UpstreamError(.invalidURL(reason), at: "\(origin)\(target)")
        }
        self.origin = origin
        self.target = target
    }

    private init(origin: Origin, target: Substring) {
        self.origin = origin
        self.target = Self.normalised(target)
    }

    /// The URL that `reference`, as in a Location field, stands for when it is found at this one (RFC 3986
    /// section 5.2).
    /// - Throws: `UpstreamError` with the cause `.invalidURL` that says what is wrong.
    public func resolving(_ reference: String) throws(UpstreamError) -> URLText {
        let text = try Self.withoutFragment(reference)
        if text.hasPrefix("//") { return try URLText("\(origin.scheme.rawValue):\(text)") }
        if Self.hasScheme(text) { return try URLText(String(text)) }
        if text.hasPrefix("/") { return URLText(origin: origin, target: text) }
        let path = target[..<(target.firstIndex(of: "?") ?? target.endIndex)]
        if text.isEmpty { return self }
        if text.hasPrefix("?") { return URLText(origin: origin, target: path + text) }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return URLText(origin: origin, target: folder + text)
    }

    /// The whole URL.
    public var description: String { "\(origin)\(target)" }

    // MARK: Parts

    /// The text before any fragment, with bytes beyond ASCII percent-encoded.
    private static func withoutFragment(_ text: String) throws(UpstreamError) -> Substring {
        guard text.utf8.allSatisfy({ $0 >= 0x80 || isAllowed($0) }) else {
            throw UpstreamError(
                .invalidURL("it contains a space or control character"),
                at: withoutUserInformation(text)
            )
        }
        let part = text[..<(text.firstIndex(of: "#") ?? text.endIndex)]
        if part.utf8.allSatisfy({ $0 < 0x80 }) { return part }
        return Substring(part.map { $0.isASCII ? String($0) : PercentCoding.encode(String($0)) }.joined())
    }

    /// The text for messages: whatever stands before an `@` may be a password.
    public static func withoutUserInformation(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        return start <= at ? text[..<start] + "…" + text[at...] : text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

    /// Whether a reference begins with `scheme:` (RFC 3986 section 4.2).
    private static func hasScheme(_ text: Substring) -> Bool {
        guard let end = text.firstIndex(where: { ":/?".contains($0) }), text[end] == ":" else { return false }
        return end != text.startIndex
    }

    /// A request target from path and query, without dot segments (RFC 3986 section 5.2.4).
    private static func normalised(_ text: Substring) -> String {
        let end = text.firstIndex(of: "?") ?? text.endIndex
        var kept: [Substring] = []
        let segments = text[..<end].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (place, segment) in segments.enumerated() {
            let isLast = place == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + text[end...]
    }
}
