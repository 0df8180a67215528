import Upstream

/// A value as the user wrote it: text of the command line or environment, or JSON of the configuration file.
enum OptionValue: Sendable, Equatable {
    case text(String)
    case json(JSONValue)

    /// The value as a string: any text, or a JSON string.
    var string: String? {
        switch self {
        case .text(let text): text
        case .json(.string(let text)): text
        case .json: nil
        }
    }

    /// The value as a whole number: text in decimal digits, or a JSON number.
    var integer: Int? {
        switch self {
        case .text(let text): Int(text)
        case .json(.integer(let number)): number
        case .json: nil
        }
    }

    /// The value as a truth value: `true`, `yes`, `on`, `1` and their opposites in text, or a JSON boolean.
    var boolean: Bool? {
        switch self {
        case .text("true"), .text("yes"), .text("on"), .text("1"): true
        case .text("false"), .text("no"), .text("off"), .text("0"): false
        case .json(.boolean(let value)): value
        case .text, .json: nil
        }
    }

    /// The string members of a JSON object.
    ///
    /// - Parameter keys: the keys the object may have.
    /// - Returns: the members by key, or nil if the value is not an object.
    /// - Throws: ``ValueRejection`` for another key and for a member that is not a string.
    func members(_ keys: [String]) throws(ValueRejection) -> [String: String]? {
        guard case .json(.object(let members)) = self else { return nil }
        var result: [String: String] = [:]
        for member in members {
            guard keys.contains(member.key) else {
                throw ValueRejection(unknownKey: member.key, known: keys, path: "." + member.key)
            }
            let value = OptionValue.json(member.value)
            guard let string = value.string else {
                throw ValueRejection(value, expected: "a string", path: "." + member.key)
            }
            result[member.key] = string
        }
        return result
    }

    /// The value for an error message, shortened if it is long and without the passwords of URLs.
    var excerpt: String {
        let text =
            switch self {
            case .text(let text): JSONValue.string(text).compactText
            case .json(let value): value.compactText
            }
        let shown = text.contains("://") ? URLText.withoutUserInformation(text) : text
        let limit = 60
        return shown.count <= limit ? shown : shown.prefix(limit) + "..."
    }
}
