/// Finds datasets that call themselves the same.
enum DuplicateIDs {
    /// Enough names to find the culprits without flooding a log.
    private static let maximumNames = 8

    /// One line for each id that several datasets have, in listing order.
    static func warnings(for datasets: [Dataset]) -> [String] {
        var order: [String] = []
        var groups: [String: [Dataset]] = [:]
        for dataset in datasets {
            if groups[dataset.id] == nil { order.append(dataset.id) }
            groups[dataset.id, default: []].append(dataset)
        }
        return order.compactMap { id in
            guard let group = groups[id], group.count > 1 else { return nil }
            var names = group.prefix(maximumNames).map { dataset in
                dataset.folder == dataset.mount
                    ? "\"\(dataset.folder)\"" : "\"\(dataset.folder)\" (served as \(dataset.mount))"
            }
            if group.count > maximumNames { names.append("\(group.count - maximumNames) more") }
            let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
            return "the folders \(list) have the same dataset id \"\(id)\""
        }
    }
}
