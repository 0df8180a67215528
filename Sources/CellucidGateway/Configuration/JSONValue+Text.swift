import Bytes

/// Writing JSON as in RFC 8259, with the members of objects in the order given.
extension JSONValue {
    /// The value over several lines, two spaces a level, without a final line feed.
    var prettyText: String { text(indentation: "\n") }

    /// The value on one line.
    var compactText: String { text(indentation: nil) }

    /// The value as text; the indentation is the line feed and spaces before its line, nil for one line.
    private func text(indentation: String?) -> String {
        let inner = indentation.map { $0 + "  " }
        switch self {
        case .null: return "null"
        case .boolean(let value): return String(value)
        case .integer(let value): return String(value)
        case .number(let value): return String(value)
        case .string(let value): return JSONText.string(value)
        case .array(let elements):
            return Self.enclosed("[", elements.map { $0.text(indentation: inner) }, "]", indentation)
        case .object(let members):
            let parts = members.map { JSONText.string($0.key) + ": " + $0.value.text(indentation: inner) }
            return Self.enclosed("{", parts, "}", indentation)
        }
    }

    private static func enclosed(
        _ opening: String,
        _ parts: [String],
        _ closing: String,
        _ indentation: String?
    ) -> String {
        guard !parts.isEmpty else { return opening + closing }
        guard let indentation else { return opening + parts.joined(separator: ", ") + closing }
        let inner = indentation + "  "
        return opening + inner + parts.joined(separator: "," + inner) + indentation + closing
    }
}
