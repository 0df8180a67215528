import Bytes

/// A request line: `METHOD TARGET VERSION` (RFC 9112 section 3), as offsets into the bytes of its head.
struct RequestLine {
    let methodName: Range<Int>
    let method: Method
    let target: Range<Int>
    let version: RequestHead.Version

    /// Takes the line that begins at `position` apart if all of it is there and nothing is wrong with it, in one go.
    ///
    /// `nil` when it has to be looked at more closely.
    /// - Parameters:
    ///   - input: what was received.
    ///   - position: is moved behind the line.
    init?(wholeIn input: Span<UInt8>, at position: inout Int) {
        let start = position
        guard let first = input.nearOffset(of: 0x20, from: start, to: start + 32), first > start else {
            return nil
        }
        methodName = start..<first
        method = Method(input.extracting(methodName))
        // Known methods are tokens.
        if method == .other, input.tokenLength(from: start) != first - start { return nil }
        guard let second = input.firstSpaceOrControlCharacter(from: first + 1), second > first + 1,
            second + 11 <= input.count, input.extracting(second...).startsWith(" HTTP/1."),
            ASCII.isDigit(input[second + 8]), input[second + 9] == 0x0d, input[second + 10] == 0x0a
        else { return nil }
        target = (first + 1)..<second
        version = input[second + 8] == UInt8(ascii: "0") ? .http10 : .http11
        position = second + 11
    }

    /// Takes the line of `input` at `line` apart, which has no line end.
    /// - Throws: `HTTPError` 400 or 505.
    init(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPError) {
        let bytes = input.extracting(line)
        guard let first = bytes.firstOffset(of: 0x20), first > 0,
            let second = bytes.firstOffset(of: 0x20, from: first + 1), second > first + 1
        else { throw .malformed("the request line is not METHOD TARGET VERSION") }
        guard bytes.tokenLength() >= first else {
            throw .malformed("the method has a character that is not allowed")
        }
        guard bytes.firstSpaceOrControlCharacter(from: first + 1) == second else {
            throw .malformed("the request target has a control character")
        }
        let version = bytes.extracting((second + 1)..<bytes.count)
        guard version.count == 8, version.startsWith("HTTP/"), ASCII.isDigit(version[5]),
            version[6] == 0x2e, ASCII.isDigit(version[7])
        else { throw .malformed("the request line does not end in an HTTP version") }
        guard version[5] == 0x31 else {
            throw HTTPError(.versionNotSupported, "this port speaks HTTP/1.1")
        }
        let base = line.lowerBound
        methodName = base..<(base + first)
        method = Method(bytes.extracting(0..<first))
        target = (base + first + 1)..<(base + second)
        self.version = version[7] == 0x30 ? .http10 : .http11
    }
}
