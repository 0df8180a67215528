import Bytes

/// Walks once over the text of an event, checks that it is JSON as Python's `json.loads` takes it, and notes
/// where the values of the few members are that the gateway looks at.
///
/// Unlike RFC 8259, Python takes `NaN`, `Infinity` and `-Infinity` for numbers. Nothing is built on the way, and
/// the stack does not grow with the depth of the text.
struct EventScanner: ~Copyable, ~Escapable {
    /// The most objects and arrays inside each other, the outermost included.
    static let mostDepth = 512
    /// The most digits of an integer that Python converts.
    static let mostDigits = 4300

    let text: Span<UInt8>
    var index = 0
    private var depth = 0
    /// Whether each of the open objects and arrays is an object, a bit for each depth.
    private var objects = SIMD8<UInt64>()
    /// Where the values of the members are, by their number in ``EventMemberName``; the last of several of a name.
    private(set) var values: InlineArray<3, Range<Int>?> = .init(repeating: nil)
    var hasNonFiniteNumbers = false
    private(set) var isObject = false

    /// Begins before text that is known to be UTF-8.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    /// Walks over the whole text.
    mutating func scan() throws(EventSyntaxError) {
        if text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf {
            throw problem("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
        }
        skipWhitespace()
        isObject = peek() == UInt8(ascii: "{")
        try scanValue()
        skipWhitespace()
        guard index == text.count else { throw problem("Extra data", index) }
    }

    /// Walks over a value and everything in it.
    private mutating func scanValue() throws(EventSyntaxError) {
        var member: EventMemberName?
        var start = index
        while true {
            if depth == 1 { start = index }
            switch peek() {
            case UInt8(ascii: "{"):
                try open(isObject: true)
                if !close(UInt8(ascii: "}")) {
                    let name = try scanName()
                    if depth == 1 { member = name }
                    continue
                }
            case UInt8(ascii: "["):
                try open(isObject: false)
                if !close(UInt8(ascii: "]")) { continue }
            case UInt8(ascii: "\""):
                _ = try scanString()
            default:
                if depth == 0 || isInObject || !skipWholeNumbers() { try scanScalar() }
            }
            // Behind a value: the ends of what it is the last of, up to the next value.
            behind: while true {
                if depth == 0 { return }
                if depth == 1, let name = member { values[name.rawValue] = start..<index }
                skipWhitespace()
                let isInObject = isInObject
                if close(isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { continue }
                guard peek() == UInt8(ascii: ",") else { throw problem("Expecting ',' delimiter", index) }
                index += 1
                skipWhitespace()
                if isInObject {
                    let name = try scanName()
                    if depth == 1 { member = name }
                }
                break behind
            }
        }
    }

    // MARK: Objects and arrays

    private var isInObject: Bool { objects[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1 }

    private mutating func open(isObject: Bool) throws(EventSyntaxError) {
        guard depth < Self.mostDepth else {
            throw EventSyntaxError(.limit, "more than \(Self.mostDepth) levels of objects and arrays")
        }
        let bit: UInt64 = 1 << UInt64(depth & 63)
        if isObject { objects[depth >> 6] |= bit } else { objects[depth >> 6] &= ~bit }
        depth += 1
        index += 1
        skipWhitespace()
    }

    /// Goes out of an object or array if `end` is next.
    private mutating func close(_ end: UInt8) -> Bool {
        guard peek() == end else { return false }
        index += 1
        depth -= 1
        return true
    }

    /// Walks over a member's name and the colon.
    /// - Returns: which name it is, if one of those that are looked for.
    private mutating func scanName() throws(EventSyntaxError) -> EventMemberName? {
        guard peek() == UInt8(ascii: "\"") else {
            throw problem("Expecting property name enclosed in double quotes", index)
        }
        let start = index + 1
        let hasEscapes = try scanString()
        let name = depth == 1 ? text.extracting(start..<index - 1) : Span()
        skipWhitespace()
        guard peek() == UInt8(ascii: ":") else { throw problem("Expecting ':' delimiter", index) }
        index += 1
        skipWhitespace()
        if !hasEscapes { return EventMemberName(name) }
        return EventString.decoded(name).flatMap { EventMemberName($0.span) }
    }

    // MARK: Text

    /// Walks over text with its quotes.
    /// - Returns: whether it has escapes.
    private mutating func scanString() throws(EventSyntaxError) -> Bool {
        let start = index
        var hasEscapes = false
        index += 1
        skipPlainText()
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return hasEscapes
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                guard index + 1 < text.count else { break }
                try scanEscape()
            } else {
                guard byte >= 0x20 else { throw problem("Invalid control character at", index) }
                index += 1
            }
        }
        throw problem("Unterminated string starting at", start)
    }

    /// Walks over text eight bytes at a time up to something that is not plain.
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        while index &+ 8 <= text.count {
            let word = text.word(at: index)
            let (quotes, backslashes) = (word ^ ones &* 0x22, word ^ ones &* 0x5c)
            // Bytes before the first one that is not plain are told right, which is all that matters.
            let isSpecial =
                (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
                | (word &- ones &* 0x20) & ~word
            let found = isSpecial & highs
            index &+= found == 0 ? 8 : found.trailingZeroBitCount / 8
            if found != 0 { return }
        }
    }

    private mutating func scanEscape() throws(EventSyntaxError) {
        switch text[index + 1] {
        case UInt8(ascii: "u"):
            // Python wants to see a character behind the digits too.
            var isValid = index + 6 < text.count
            for place in index + 2..<index + 6 where isValid {
                isValid = ASCII.hexadecimalValue(text[place]) != nil
            }
            guard isValid else { throw problem("Invalid \\uXXXX escape", index + 1) }
            index += 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        default:
            throw problem("Invalid \\escape", index)
        }
    }

    // MARK: Parts

    /// The next byte, if there is one.
    func peek() -> UInt8? { index < text.count ? text[index] : nil }

    func isDigit(at place: Int) -> Bool { place < text.count && ASCII.isDigit(text[place]) }

    mutating func skipDigits() {
        while index < text.count, ASCII.isDigit(text[index]) { index += 1 }
    }

    private mutating func skipWhitespace() {
        while index < text.count {
            let byte = text[index]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            index += 1
        }
    }

    func isNext(_ word: StaticString) -> Bool {
        let end = index + word.utf8CodeUnitCount
        return end <= text.count && text.extracting(index..<end).equals(word)
    }

    func problem(_ problem: String, _ offset: Int) -> EventSyntaxError {
        EventSyntaxError(problem, at: offset, of: text)
    }
}
