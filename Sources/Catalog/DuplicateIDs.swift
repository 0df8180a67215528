/// Finds datasets that call themselves the same.
public enum DuplicateIDs {
    /// Enough names to find the culprits without flooding a log.
    private static let maximumNames = 8

    /// The members that share an id with others, by id, in their order.
    public static func groups<Member>(
        of members: [Member],
        by id: (Member) -> String
    ) -> [(id: String, members: [Member])] {
        var order: [String] = []
        var groups: [String: [Member]] = [:]
        for member in members {
            let id = id(member)
            if groups[id] == nil { order.append(id) }
            groups[id, default: []].append(member)
        }
        return order.compactMap { id in
            guard let group = groups[id], group.count > 1 else { return nil }
            return (id, group)
        }
    }

    /// The names of members, two at least, as a sentence has them; of many only the first.
    public static func enumeration<Member>(of members: [Member], _ name: (Member) -> String) -> String {
        var names = members.prefix(maximumNames).map(name)
        if members.count > maximumNames { names.append("\(members.count - maximumNames) more") }
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    /// One line for each id that several datasets have, in listing order.
    static func warnings(for datasets: [Dataset]) -> [String] {
        groups(of: datasets, by: \.id).map { id, group in
            let list = enumeration(of: group) { dataset in
                dataset.folder == dataset.mount
                    ? "\"\(dataset.folder)\"" : "\"\(dataset.folder)\" (served as \(dataset.mount))"
            }
            return "the folders \(list) have the same dataset id \"\(id)\""
        }
    }
}
