import Bytes

/// A status line: `VERSION CODE REASON` (RFC 9112 section 4).
struct StatusLine {
    let version: RequestHead.Version
    let status: Status

    /// Takes the line that `input` begins with apart if all of it is there and nothing is wrong with it, in one go.
    ///
    /// `nil` when it has to be looked at more closely.
    /// - Parameters:
    ///   - input: what was received.
    ///   - position: is moved behind the line.
    init?(wholeIn input: Span<UInt8>, at position: inout Int) {
        guard input.count > 14, input.startsWith("HTTP/1."), ASCII.isDigit(input[7]), input[8] == 0x20,
            input[9] &- 0x31 < 5, ASCII.isDigit(input[10]), ASCII.isDigit(input[11]),
            input[12] == 0x20 || input[12] == 0x0d,
            let end = input.firstControlCharacter(from: 12, to: input.count), end + 1 < input.count,
            input[end] == 0x0d, input[end + 1] == 0x0a
        else { return nil }
        version = input[7] == 0x30 ? .http10 : .http11
        status = Status(Self.code(input))
        position = end + 2
    }

    /// Takes a line apart that has no line end, but of which `HTTP/` is known to be the beginning.
    init(_ line: Span<UInt8>) throws(ResponseError) {
        guard line.count >= 12, line[5] == 0x31, line[6] == 0x2e, ASCII.isDigit(line[7]), line[8] == 0x20
        else { throw ResponseError("the status line does not begin with HTTP/1.x and a status code") }
        guard ASCII.isDigit(line[9]), ASCII.isDigit(line[10]), ASCII.isDigit(line[11]),
            line.count == 12 || line[12] == 0x20
        else { throw ResponseError("the status code is not a number of three digits") }
        let code = Self.code(line)
        guard (100...599).contains(code) else {
            throw ResponseError("the status code is not between 100 and 599")
        }
        guard !line.containsControlCharacter(from: 12, to: line.count) else {
            throw ResponseError("the status line has a control character")
        }
        version = line[7] == 0x30 ? .http10 : .http11
        status = Status(code)
    }

    private static func code(_ line: Span<UInt8>) -> UInt16 {
        UInt16(line[9] &- 0x30) &* 100 &+ UInt16(line[10] &- 0x30) &* 10 &+ UInt16(line[11] &- 0x30)
    }
}
