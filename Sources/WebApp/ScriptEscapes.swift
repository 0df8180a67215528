internal import Bytes

/// Escape sequences of strings and templates (ECMAScript section 12.9.4), and so those of JSON.
enum ScriptEscapes {
    /// The text that `source` stands for.
    ///
    /// Sequences that are not well-formed stay without their backslash.
    static func read(_ source: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text: [UInt8] = []
        text.reserveCapacity(source.count)
        var rest = source
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                text.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"),
                UInt8(ascii: "f"),
                UInt8(ascii: "v"), UInt8(ascii: "0"):
                // None of the characters meant can be part of a path.
                text.append(0)
            case UInt8(ascii: "\n"): break
            case UInt8(ascii: "\r"):
                if rest.first == UInt8(ascii: "\n") { rest.removeFirst() }
            case UInt8(ascii: "x"): append(takeDigits(2, from: &rest), or: escape, to: &text)
            case UInt8(ascii: "u") where rest.first == UInt8(ascii: "{"):
                let end = rest.prefix(10).firstIndex(of: UInt8(ascii: "}")) ?? rest.startIndex
                var digits = rest[rest.startIndex..<end].dropFirst()
                let value = takeDigits(digits.count, from: &digits)
                if value != nil { rest = rest[(end + 1)...] }
                append(value, or: escape, to: &text)
            case UInt8(ascii: "u"): append(takeDigits(4, from: &rest), or: escape, to: &text)
            default: text.append(escape)
            }
        }
        return text[...]
    }

    /// Reads `count` hexadecimal digits, or nothing when there are fewer.
    private static func takeDigits(_ count: Int, from rest: inout ArraySlice<UInt8>) -> UInt32? {
        let digits = rest.prefix(count).compactMap { ASCII.hexadecimalValue($0) }
        guard count > 0, digits.count == count else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 << 4 | UInt32($1) }
    }

    private static func append(_ value: UInt32?, or escape: UInt8, to text: inout [UInt8]) {
        guard let value else { return text.append(escape) }
        // Halves of surrogate pairs do not occur in paths.
        let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
        text += Array(String(Character(scalar)).utf8)
    }
}
