/// Finds the line of a mistake in JSON5 text, which the decoder of Foundation does not tell.
///
/// It knows as much of the syntax (spec.json5.org) as it takes to find where brackets, commas, colons, quotes
/// and comments go wrong; what numbers and escapes look like is left to the decoder.
struct JSON5Syntax {
    private let bytes: [UInt8]
    private var position = 0

    /// As deep as the decoder goes.
    private static let maximumDepth = 512

    /// The number of the line, from 1, where the text stops being JSON5; nil if it looks sound.
    static func lineOfMistake(in bytes: [UInt8]) -> Int? {
        var syntax = JSON5Syntax(bytes: bytes)
        if syntax.skipValue(depth: 0), syntax.skipBlank(), syntax.position == bytes.count { return nil }
        return 1 + bytes[..<syntax.position].count { $0 == UInt8(ascii: "\n") }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    // Each of the following moves past what it is named for, or gives false and stays where the mistake is.

    private mutating func skipValue(depth: Int) -> Bool {
        guard depth < Self.maximumDepth, skipBlank() else { return false }
        switch next {
        case UInt8(ascii: "{"): return skipMembers(until: "}", depth: depth, haveKeys: true)
        case UInt8(ascii: "["): return skipMembers(until: "]", depth: depth, haveKeys: false)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return skipString()
        default:
            let start = position
            let word = takeWord()
            let isNumber = word.first.map { $0 < UInt8(ascii: "A") } ?? false
            if isNumber
                || ["true", "false", "null", "Infinity", "NaN"].contains(
                    String(decoding: word, as: UTF8.self)
                )
            {
                return true
            }
            position = start
            return false
        }
    }

    private mutating func skipMembers(until closing: Unicode.Scalar, depth: Int, haveKeys: Bool) -> Bool {
        position += 1
        while skipBlank() {
            if skip(closing) { return true }
            if haveKeys {
                let isQuoted = next == UInt8(ascii: "\"") || next == UInt8(ascii: "'")
                guard isQuoted ? skipString() : !takeWord().isEmpty, skipBlank(), skip(":") else {
                    return false
                }
            }
            guard skipValue(depth: depth + 1), skipBlank() else { return false }
            if !skip(",") { return skip(closing) }
        }
        return false
    }

    private mutating func skipString() -> Bool {
        let start = position
        let quote = next
        position += 1
        while let byte = next, byte != UInt8(ascii: "\n") {
            position += 1
            if byte == quote { return true }
            if byte == UInt8(ascii: "\\"), next != nil { position += 1 }
        }
        position = start
        return false
    }

    /// Takes a number, a literal or a key without quotes.
    private mutating func takeWord() -> ArraySlice<UInt8> {
        let word = bytes[position...].prefix { byte in
            switch Unicode.Scalar(byte) {
            case "0"..."9", "A"..."Z", "a"..."z", "+", "-", ".", "_", "$", "\\", "\u{80}"...: true
            default: false
            }
        }
        position += word.count
        return word
    }

    /// Moves past white space and comments.
    private mutating func skipBlank() -> Bool {
        while let byte = next {
            if [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20].contains(byte) {
                position += 1
            } else if bytes[position...].starts(with: "//".utf8) {
                position = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            } else if bytes[position...].starts(with: "/*".utf8) {
                guard skipBlockComment() else { return false }
            } else {
                return true
            }
        }
        return true
    }

    private mutating func skipBlockComment() -> Bool {
        var end = position + 2
        while end + 1 < bytes.count {
            if bytes[end] == UInt8(ascii: "*"), bytes[end + 1] == UInt8(ascii: "/") {
                position = end + 2
                return true
            }
            end += 1
        }
        return false
    }
}
