import FoundationEssentials

/// How long a subscriber waits for a session bundle that it asks a viewer for.
enum SessionLifetime {
    /// Seconds when the subscriber does not say.
    static let usual: Int64 = 60
    private static let range = 1...3600

    /// The seconds that `{"ttl": 60}` says, or `{}`; `nil` for anything else.
    static func seconds(_ json: [UInt8]) -> Int64? {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json)),
            case .object(let members) = value
        else { return nil }
        guard let member = members.first else { return usual }
        guard members.count == 1, member.key == "ttl", case .integer(let seconds) = member.value,
            range.contains(seconds)
        else { return nil }
        return Int64(seconds)
    }
}
