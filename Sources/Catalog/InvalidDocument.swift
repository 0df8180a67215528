/// Why bytes are not a JSON object, worded to follow a file's name.
struct InvalidDocument: Error, Hashable {
    let reason: String

    /// Finds the most helpful explanation for bytes that a decoder has refused.
    init(_ json: [UInt8]) {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = json.starts(with: byteOrderMark) ? json[byteOrderMark.count...] : json[...]
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        guard let first = text.first(where: { !blanks.contains($0) }) else {
            reason = "is empty"
            return
        }
        reason =
            switch first {
            case UInt8(ascii: "{"):
                Self.endsInside(text)
                    ? "is not valid JSON: unexpected end of file (file may be truncated)"
                    : "is not valid JSON"
            case UInt8(ascii: "["): "is a JSON array, expected an object"
            case UInt8(ascii: "\""): "is a JSON string, expected an object"
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                "is a JSON number, expected an object"
            case _ where text.starts(with: "null".utf8): "is JSON null, expected an object"
            case _ where text.starts(with: "true".utf8) || text.starts(with: "false".utf8):
                "is a JSON boolean, expected an object"
            case 0x21...0x7E: "is not valid JSON: it starts with \"\(Character(Unicode.Scalar(first)))\""
            default: "is not valid JSON: it is not text"
            }
    }

    /// Whether the text ends with an open string, object or array.
    private static func endsInside(_ text: ArraySlice<UInt8>) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in text {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return isInString || depth > 0
    }
}
