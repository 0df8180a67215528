import Bytes

/// The rules for the Host field (RFC 9112 section 3.2, RFC 9110 section 7.2).
enum HostRule {
    /// Checks number and form of the Host field, and of what takes its place.
    /// - Throws: `HTTPError` 400 when HTTP/1.1 lacks it, when it occurs twice, when it is no host and port, or when
    ///   the `:authority` of HTTP/2 says something else.
    static func check(_ head: RequestHead) throws(HTTPError) {
        let count = head.count(of: .host)
        guard count <= 1 else { throw .malformed("there is more than one Host field") }
        let isOptional = head.version == .http10 || (head.version == .http2 && head.authorityRange != nil)
        guard count == 1 || isOptional else { throw .malformed("the Host field is missing") }
        if let host = head.value(.host), !host.isEmpty, !isAuthority(host) {
            throw .malformed("the Host field is not a host name with an optional port")
        }
        if let range = head.authorityRange, !isAuthority(head.bytes(range)) {
            throw .malformed("the request target's host is not a host name with an optional port")
        }
        if head.version == .http2, let authority = head.authority(), let host = head.value(.host),
            !authority.equals(host)
        {
            throw .malformed("the Host field and the :authority differ")
        }
    }

    /// Whether `value` is a host, in brackets when it is IPv6, with an optional port; no user information.
    private static func isAuthority(_ value: Span<UInt8>) -> Bool {
        var index = 0
        if !value.isEmpty, value[0] == UInt8(ascii: "[") {
            guard let close = value.firstOffset(of: UInt8(ascii: "]")), close > 2 else { return false }
            for inner in 1..<close {
                let byte = value[inner]
                guard ASCII.hexadecimalValue(byte) != nil || byte == 0x3a || byte == 0x2e else {
                    return false
                }
            }
            index = close + 1
        } else {
            while index < value.count, ASCII.isHostCharacter(value[index]) { index &+= 1 }
            if index == 0 { return false }
        }
        if index == value.count { return true }
        guard value[index] == 0x3a, value.count - index <= 6 else { return false }
        for digit in (index + 1)..<value.count where !ASCII.isDigit(value[digit]) { return false }
        return true
    }
}
