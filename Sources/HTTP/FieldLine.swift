import Bytes

/// A received field line, as offsets into the bytes of its head (RFC 9112 section 5).
struct FieldLine {
    let name: Range<Int>
    /// Without the white space around it.
    private(set) var value: Range<Int>
    let known: FieldName?
    /// Whether the head has it as it is passed on: `name: value` and CR LF.
    private(set) var isPlain: Bool

    /// A line of bytes that the head has, not necessarily next to each other.
    init(name: Range<Int>, value: Range<Int>, of bytes: Span<UInt8>) {
        self.name = name
        self.value = value
        known = FieldName(bytes.extracting(name))
        isPlain = false
    }

    /// Takes the line that begins at `position` apart if all of it is there and nothing is wrong with it, in one go.
    ///
    /// `nil` when it has to be looked at more closely; an empty line is no field line either.
    /// - Parameters:
    ///   - input: what was received.
    ///   - position: is moved behind the line.
    @inline(__always)
    init?(wholeIn input: Span<UInt8>, at position: inout Int) {
        let start = position
        guard let colon = input.nearOffset(of: UInt8(ascii: ":"), from: start, to: start &+ 64), colon > start
        else {
            return nil
        }
        let name = start..<colon
        let known = FieldName(in: input, name)
        // Known names are tokens.
        if known == nil, input.tokenLength(from: start) != name.count { return nil }
        // Nearly all values have one space before them, and none behind them.
        var lower = colon &+ 2
        guard lower < input.count else { return nil }
        var isPlain = input[colon &+ 1] == UInt8(ascii: " ") && !ASCII.isOptionalWhitespace(input[lower])
        if !isPlain {
            lower = colon &+ 1
            while lower < input.count, ASCII.isOptionalWhitespace(input[lower]) { lower &+= 1 }
        }
        guard let end = input.firstControlCharacter(from: lower, to: input.count), end &+ 1 < input.count,
            input[end] == 0x0d, input[end &+ 1] == 0x0a
        else { return nil }
        var upper = end
        while upper > lower, ASCII.isOptionalWhitespace(input[upper &- 1]) {
            upper &-= 1
            isPlain = false
        }
        self.name = name
        self.known = known
        value = lower..<upper
        self.isPlain = isPlain
        position = end &+ 2
    }

    /// Takes the line of `input` at `line` apart, which is not empty and has no line end.
    init(_ input: Span<UInt8>, _ line: Range<Int>) throws(HeadFault) {
        let bytes = input.extracting(line)
        guard !ASCII.isOptionalWhitespace(bytes[0]) else { throw .foldedLine }
        let colon = bytes.tokenLength()
        guard colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { throw .name }
        var lower = colon + 1
        var upper = bytes.count
        while lower < upper, ASCII.isOptionalWhitespace(bytes[lower]) { lower += 1 }
        while upper > lower, ASCII.isOptionalWhitespace(bytes[upper - 1]) { upper -= 1 }
        guard !bytes.containsControlCharacter(from: lower, to: upper) else { throw .value }
        name = line.lowerBound..<(line.lowerBound + colon)
        value = (line.lowerBound + lower)..<(line.lowerBound + upper)
        known = FieldName(bytes.extracting(0..<colon))
        isPlain = false
    }

    /// The same line with another value.
    func with(value: Range<Int>) -> FieldLine {
        var line = self
        line.value = value
        line.isPlain = false
        return line
    }
}
