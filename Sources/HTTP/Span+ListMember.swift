import Bytes

extension Span where Element == UInt8 {
    /// Whether a field's value that is a list (RFC 9110 section 5.6.1) has `token` among its members, without regard
    /// to case.
    /// - Parameter token: ASCII in lower case.
    /// - Returns: whether it is there.
    func hasListMember(_ token: StaticString) -> Bool {
        hasListMember(unsafe Span(_unsafeStart: token.utf8Start, count: token.utf8CodeUnitCount))
    }

    /// Whether a field's value that is a list has `token` among its members, without regard to case.
    func hasListMember(_ token: Span<UInt8>) -> Bool {
        var start = 0
        while start <= count {
            let end = firstOffset(of: UInt8(ascii: ","), from: start) ?? count
            if extracting(start..<end).trimmed().equalsIgnoringCase(token) { return true }
            start = end + 1
        }
        return false
    }
}
