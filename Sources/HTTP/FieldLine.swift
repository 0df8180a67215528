import Bytes

/// Where the name and the value of a received field line are (RFC 9112 section 5).
struct FieldLine {
    /// What is wrong with a field line.
    enum Fault: Error {
        case folded, name, value

        /// One sentence that says so.
        var message: StaticString {
            switch self {
            case .folded: "a header field is folded over two lines"
            case .name: "a header field's name is not a token followed by a colon"
            case .value: "a header field's value has a control character"
            }
        }
    }

    let name: Range<Int>
    /// Without the white space around it.
    let value: Range<Int>
    /// Where the line's CR LF is.
    let end: Int

    /// Takes the line that begins at `start` apart if all of it is there and nothing is wrong with it, in one go.
    /// - Returns: `nil` when it has to be looked at more closely; an empty line is no field line either.
    init?(wholeIn input: Span<UInt8>, from start: Int) {
        let colon = start + input.tokenLength(from: start)
        guard colon > start, colon < input.count, input[colon] == 0x3a else { return nil }
        var lower = colon + 1
        while lower < input.count, ASCII.isOptionalWhitespace(input[lower]) { lower += 1 }
        guard let end = input.firstControlCharacter(from: lower, to: input.count), end + 1 < input.count,
            input[end] == 0x0d, input[end + 1] == 0x0a
        else { return nil }
        var upper = end
        while upper > lower, ASCII.isOptionalWhitespace(input[upper - 1]) { upper -= 1 }
        name = start..<colon
        value = lower..<upper
        self.end = end
    }

    /// Takes the line of `input` at `line` apart, which is not empty and has no line end.
    init(_ input: Span<UInt8>, _ line: Range<Int>) throws(Fault) {
        let bytes = input.extracting(line)
        guard !ASCII.isOptionalWhitespace(bytes[0]) else { throw .folded }
        let colon = bytes.tokenLength()
        guard colon > 0, colon < bytes.count, bytes[colon] == 0x3a else { throw .name }
        var lower = colon + 1
        var upper = bytes.count
        while lower < upper, ASCII.isOptionalWhitespace(bytes[lower]) { lower += 1 }
        while upper > lower, ASCII.isOptionalWhitespace(bytes[upper - 1]) { upper -= 1 }
        guard !bytes.containsControlCharacter(from: lower, to: upper) else { throw .value }
        name = line.lowerBound..<(line.lowerBound + colon)
        value = (line.lowerBound + lower)..<(line.lowerBound + upper)
        end = line.upperBound
    }
}
