import Bytes

/// Entity tags (RFC 9110 section 8.8.3).
public enum EntityTag {
    /// How two tags are compared (RFC 9110 section 8.8.3.2).
    public enum Comparison: Sendable {
        /// Equal and both strong.
        case strong
        /// Equal but for weakness.
        case weak
    }

    /// Whether a field value, a list of tags or `*`, has `tag` in it.
    ///
    /// A malformed list has nothing in it.
    public static func list(_ list: Span<UInt8>, contains tag: Span<UInt8>, _ comparison: Comparison) -> Bool
    {
        // What browsers send back is what they were given, and that is a list of one.
        if list.equals(tag), comparison == .weak || !isWeak(tag) { return true }
        let text = list.trimmed()
        if text.equals("*") { return true }
        var index = 0
        var isFound = false
        while true {
            while index < text.count, ASCII.isOptionalWhitespace(text[index]) || text[index] == 0x2c {
                index += 1
            }
            if index == text.count { return isFound }
            guard let length = length(text.extracting(index..<text.count)) else { return false }
            let member = text.extracting(index..<(index + length))
            if areEqual(member, tag, comparison) { isFound = true }
            index += length
            while index < text.count, ASCII.isOptionalWhitespace(text[index]) { index += 1 }
            guard index == text.count || text[index] == 0x2c else { return false }
        }
    }

    /// Whether two tags are the same.
    public static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>, _ comparison: Comparison) -> Bool {
        switch comparison {
        case .strong: !isWeak(left) && !isWeak(right) && left.equals(right)
        case .weak: opaque(left).equals(opaque(right))
        }
    }

    /// Whether `value` is exactly one tag.
    public static func isTag(_ value: Span<UInt8>) -> Bool { length(value) == value.count }

    private static func isWeak(_ tag: Span<UInt8>) -> Bool {
        tag.count > 2 && tag[0] == UInt8(ascii: "W") && tag[1] == UInt8(ascii: "/")
    }

    @_lifetime(copy tag)
    private static func opaque(_ tag: Span<UInt8>) -> Span<UInt8> {
        isWeak(tag) ? tag.extracting(2..<tag.count) : tag
    }

    /// Length of the tag that `text` begins with.
    private static func length(_ text: Span<UInt8>) -> Int? {
        let start = isWeak(text) ? 2 : 0
        guard start < text.count, text[start] == 0x22 else { return nil }
        var index = start + 1
        while index < text.count, text[index] != 0x22 {
            guard text[index] > 0x20, text[index] != 0x7f else { return nil }
            index += 1
        }
        return index < text.count ? index + 1 : nil
    }
}
