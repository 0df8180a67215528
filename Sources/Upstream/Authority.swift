import Bytes
import Reactor

/// The part of a URL between `//` and the path: user information, host and port (RFC 3986 section 3.2).
struct Authority {
    /// What stands before the `@`, still percent-encoded; `nil` without one.
    let userInformation: Substring?
    /// The host name in lower case or the numeric address, without brackets.
    let host: String
    let port: UInt16

    /// Takes the text apart; `nil` when the host or the port is none.
    init?(_ text: Substring, defaultPort: UInt16) {
        var rest = text
        if let at = rest.lastIndex(of: "@") {
            userInformation = rest[..<at]
            rest = rest[rest.index(after: at)...]
        } else {
            userInformation = nil
        }
        let hostEnd: Substring.Index
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            let address = rest[rest.index(after: rest.startIndex)..<close]
            guard let numeric = SocketAddress(host: String(address), port: 0), numeric.isIPv6 else {
                return nil
            }
            host = numeric.host.lowercased()
            hostEnd = rest.index(after: close)
        } else {
            hostEnd = rest.firstIndex(of: ":") ?? rest.endIndex
            guard let name = Self.hostName(rest[..<hostEnd]) else { return nil }
            host = name
        }
        let after = rest[hostEnd...]
        if after.isEmpty || after == ":" {
            port = defaultPort
            return
        }
        let digits = after.dropFirst()
        guard after.hasPrefix(":"), digits.utf8.allSatisfy(ASCII.isDigit), let number = UInt16(digits),
            number > 0
        else { return nil }
        port = number
    }

    /// A name of the DNS in lower case, at most 253 characters; `nil` for anything else.
    private static func hostName(_ text: Substring) -> String? {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard !text.isEmpty, text.utf8.count <= 254 else { return nil }
        for (place, label) in labels.enumerated() {
            // An empty last label is the dot of an absolute name.
            let mayBeEmpty = place == labels.count - 1 && place > 0
            guard label.utf8.count <= 63, !label.isEmpty || mayBeEmpty else { return nil }
            guard
                label.utf8.allSatisfy({
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2d || $0 == 0x5f
                })
            else { return nil }
        }
        return text.lowercased()
    }
}
