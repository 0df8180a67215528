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
    }
}
