import Catalog

/// What changed between two states of the catalogue, a line each for the log.
enum CatalogChanges {
    /// The lines.
    static func lines(from old: CatalogSnapshot, to new: CatalogSnapshot) -> [String] {
        let before = Dictionary(old.datasets.map { ($0.mount, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.datasets.map { ($0.mount, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [String] = []
        for dataset in new.datasets {
            if let known = before[dataset.mount] {
                if known.serial != dataset.serial { lines.append("dataset \(dataset.mount) has changed") }
            } else {
                lines.append("dataset \(dataset.mount) is new")
            }
        }
        for dataset in old.datasets where after[dataset.mount] == nil {
            lines.append("dataset \(dataset.mount) has gone")
        }
        let known = Set(old.broken)
        for dataset in new.broken where !known.contains(dataset) {
            lines.append("\(dataset.folder) is not served: \(dataset.reason)")
        }
        return lines
    }
}
