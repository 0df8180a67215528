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
        case .string(let value): return Self.quoted(value)
        case .array(let elements):
            return Self.enclosed("[", elements.map { $0.text(indentation: inner) }, "]", indentation)
        case .object(let members):
            let parts = members.map { Self.quoted($0.key) + ": " + $0.value.text(indentation: inner) }
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

    /// A string with quotes around it, escaped as RFC 8259 section 7 demands.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..." ":
                guard scalar != " " else {
                    result += " "
                    continue
                }
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
