import Bytes

/// The text that a JSON string stands for.
enum EventString {
    /// Resolves the escapes of a string that has been checked.
    /// - Parameter content: what is between the quotes.
    /// - Returns: UTF-8, or `nil` when a half of a surrogate pair stands alone: no text can hold that.
    static func decoded(_ content: Span<UInt8>) -> [UInt8]? {
        if content.firstOffset(of: UInt8(ascii: "\\")) == nil { return content.copied() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            guard content[index] == UInt8(ascii: "\\") else {
                bytes.append(content[index])
                index += 1
                continue
            }
            guard let (scalar, count) = escape(content.extracting(index...)) else { return nil }
            bytes += Array(String(scalar).utf8)
            index += count
        }
        return bytes
    }

    /// The escape that text begins with, or two for a surrogate pair.
    private static func escape(_ text: Span<UInt8>) -> (Unicode.Scalar, count: Int)? {
        switch text[1] {
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{c}", 2)
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "u"): break
        default: return (Unicode.Scalar(text[1]), 2)
        }
        guard let first = codeUnit(text) else { return nil }
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        guard first < 0xdc00, let second = codeUnit(text.extracting(droppingFirst: 6)),
            0xdc00..<0xe000 ~= second
        else { return nil }
        return Unicode.Scalar(0x1_0000 + (first - 0xd800) << 10 + (second - 0xdc00)).map { ($0, 12) }
    }

    /// The code unit of a `\uXXXX` escape that text begins with.
    private static func codeUnit(_ text: Span<UInt8>) -> UInt32? {
        guard text.count >= 6, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "u") else { return nil }
        var value: UInt32 = 0
        for index in 2..<6 {
            guard let digit = ASCII.hexadecimalValue(text[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
