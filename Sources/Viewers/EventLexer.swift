import Bytes

/// Finds the ends of the tokens of an event's text, which are those that Python's `json.loads` takes.
///
/// Unlike RFC 8259, Python takes `NaN`, `Infinity` and `-Infinity` for numbers.
struct EventLexer: ~Escapable {
    /// The name of a member.
    struct Name {
        /// Between its quotes.
        let place: Range<Int>
        /// Whether it has escapes.
        let hasEscapes: Bool
    }

    /// UTF-8.
    let text: Span<UInt8>

    @_lifetime(copy text)
    init(text: Span<UInt8>) { self.text = text }

    /// What is wrong with the text at `offset`.
    func problem(_ problem: String, _ offset: Int) -> EventSyntaxError {
        EventSyntaxError(problem, at: offset, of: text)
    }

    // MARK: Bytes

    /// The byte at `place`; behind the end a zero, which no token has.
    @inline(__always)
    func byte(at place: Int) -> UInt8 {
        // As unsigned numbers, so that a place before the text is none either.
        unsafe UInt(bitPattern: place) < UInt(bitPattern: text.count) ? text[unchecked: place] : 0
    }

    /// Walks over white space, of which nearly all texts have none.
    /// - Returns: the byte behind it, as ``byte(at:)`` does.
    @inline(__always)
    func next(_ index: inout Int) -> UInt8 {
        let byte = byte(at: index)
        if byte > 0x20 { return byte }
        index = whitespaceEnd(from: index)
        return self.byte(at: index)
    }

    @inline(never)
    private func whitespaceEnd(from start: Int) -> Int {
        var place = start
        while place < text.count {
            let byte = text[place]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { break }
            place += 1
            while place &+ 8 <= text.count, text.word(at: place) == 0x2020_2020_2020_2020 { place &+= 8 }
        }
        return place
    }

    // MARK: Text

    /// Walks over a member's name and the colon, up to the value.
    @inline(__always)
    func name(_ index: inout Int) throws(EventSyntaxError) -> Name {
        guard byte(at: index) == UInt8(ascii: "\"") else {
            throw problem("Expecting property name enclosed in double quotes", index)
        }
        let start = index &+ 1
        let (end, hasEscapes) = try textEnd(from: index)
        index = end
        guard next(&index) == UInt8(ascii: ":") else { throw problem("Expecting ':' delimiter", index) }
        index &+= 1
        _ = next(&index)
        return Name(place: start..<end &- 1, hasEscapes: hasEscapes)
    }

    /// Walks over text with its quotes.
    /// - Returns: where it ends, and whether it has escapes.
    @inline(__always)
    func textEnd(from start: Int) throws(EventSyntaxError) -> (end: Int, hasEscapes: Bool) {
        let end = plainTextEnd(from: start &+ 1)
        if byte(at: end) == UInt8(ascii: "\"") { return (end &+ 1, false) }
        return try unusualTextEnd(from: start, plain: end)
    }

    /// Walks over text that has something but plain characters in it, the first of them at `plain`.
    @inline(never)
    private func unusualTextEnd(
        from start: Int,
        plain: Int
    ) throws(EventSyntaxError) -> (end: Int, hasEscapes: Bool) {
        var place = plain
        var hasEscapes = false
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\""): return (place + 1, hasEscapes)
            case UInt8(ascii: "\\") where place + 1 < text.count:
                hasEscapes = true
                place = try escapeEnd(from: place)
            case UInt8(ascii: "\\"): throw problem("Unterminated string starting at", start)
            default: throw problem("Invalid control character at", place)
            }
            place = plainTextEnd(from: place)
        }
        throw problem("Unterminated string starting at", start)
    }

    /// Walks over text that is nothing but plain characters.
    /// - Returns: where the first quote, backslash or control character is, or the end of all.
    @inline(__always)
    private func plainTextEnd(from start: Int) -> Int {
        // Many names are shorter.
        let special = Self.special(in: text.paddedWord(at: start))
        return special == 0 ? longPlainTextEnd(from: start &+ 8) : start &+ special.trailingZeroBitCount / 8
    }

    @inline(never)
    private func longPlainTextEnd(from start: Int) -> Int {
        var place = start
        while true {
            let special = Self.special(in: text.paddedWord(at: place))
            if special != 0 { return place &+ special.trailingZeroBitCount / 8 }
            place &+= 8
        }
    }

    /// Which bytes are quotes, backslashes and control characters, as the highest bit of each.
    ///
    /// Those up to the first one are told right, which is all that matters.
    @inline(__always)
    private static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Changing the second bit brings the quote, 0x22, right behind the control characters.
        let isControlOrQuote = (word ^ ones &* 0x02) &- ones &* 0x21
        let isBackslash = (word ^ ones &* 0x5c) &- ones
        return (isControlOrQuote | isBackslash) & ~word & (ones &* 0x80)
    }

    private func escapeEnd(from start: Int) throws(EventSyntaxError) -> Int {
        switch text[start + 1] {
        case UInt8(ascii: "u"):
            // Python wants to see a character behind the digits too.
            var isValid = start + 6 < text.count
            for place in start + 2..<start + 6 where isValid {
                isValid = ASCII.hexadecimalValue(text[place]) != nil
            }
            guard isValid else { throw problem("Invalid \\uXXXX escape", start + 1) }
            return start + 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        default:
            throw problem("Invalid \\escape", start)
        }
    }
}
