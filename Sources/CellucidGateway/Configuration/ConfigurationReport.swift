/// The merged configuration as text, which is itself a configuration file for the same configuration.
enum ConfigurationReport {
    /// The configuration as JSON over several lines, with its keys in the order of the table of options.
    static func text(_ configuration: Configuration) -> String {
        let entries = ConfigurationOption.all.compactMap { option -> Entry? in
            guard let setting = option.setting, let key = setting.fileKey,
                let value = setting.report(configuration)
            else { return nil }
            return Entry(keyPath: key.split(separator: ".")[...], value: value)
        }
        return object(entries).prettyText + "\n"
    }

    /// One option with what is left of its key below the object at hand.
    private struct Entry {
        let keyPath: ArraySlice<Substring>
        let value: JSONValue
    }

    /// An object of options, where those that share a key form an object of their own in the place of the first.
    private static func object(_ entries: [Entry]) -> JSONValue {
        var members: [JSONValue.Member] = []
        var rest = entries
        while let first = rest.first, let key = first.keyPath.first {
            let group = rest.filter { $0.keyPath.first == key }
            rest.removeAll { $0.keyPath.first == key }
            let isGroup = first.keyPath.count > 1
            let inner = group.map { Entry(keyPath: $0.keyPath.dropFirst(), value: $0.value) }
            members.append(JSONValue.Member(key: String(key), value: isGroup ? object(inner) : first.value))
        }
        return .object(members)
    }
}
