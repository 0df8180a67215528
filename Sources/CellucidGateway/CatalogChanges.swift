import Catalog

/// What changed between two states of the catalogue, a line each for the log.
enum CatalogChanges {
    /// Datasets that are new, have changed or have gone.
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
        return lines
    }

    /// What is wrong now and was not before, a line each.
    static func problems(from old: CatalogSnapshot, to new: CatalogSnapshot) -> [String] {
        let known = Set(old.broken)
        let broken = new.broken.filter { !known.contains($0) }
            .map { "\($0.folder) is not served: \($0.reason)" }
        return broken + new.warnings.filter { !old.warnings.contains($0) }
    }
}
