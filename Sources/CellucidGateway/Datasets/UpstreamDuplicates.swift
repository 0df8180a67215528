import Catalog

/// Finds datasets of running servers that call themselves as other datasets of the listing do, of which pages open only one.
enum UpstreamDuplicates {
    /// The most ids that are named: what servers list is not for us to bound.
    private static let mostIDs = 8
    /// Characters of an id that are shown.
    private static let mostCharacters = 200

    /// One line for each id.
    /// - Parameters:
    ///   - datasets: those of the roots that are listed.
    ///   - entries: those of the servers.
    /// - Returns: lines in the order of the listing; what only datasets of the roots share is said elsewhere.
    static func warnings(_ datasets: [Dataset], _ entries: [BackendView.Entry]) -> [String] {
        let listed =
            datasets.map { (id: $0.id, mount: $0.mount, isUpstreams: false) }
            + entries.map { (id: $0.id, mount: $0.mount, isUpstreams: true) }
        let groups = DuplicateIDs.groups(of: listed, by: \.id)
            .filter { $0.members.contains(where: \.isUpstreams) }
        var lines = groups.prefix(mostIDs).map { id, group in
            let list = DuplicateIDs.enumeration(of: group) { "/\($0.mount)/" }
            return "the datasets \(list) have the same id \"\(id.prefix(mostCharacters))\""
        }
        if groups.count > mostIDs {
            lines.append("\(groups.count - mostIDs) more ids are those of several datasets")
        }
        return lines
    }
}
