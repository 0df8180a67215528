/// The catalogue at one moment: what is served, what is broken, and what the operator should know.
public final class CatalogSnapshot: Sendable {
    /// The datasets in listing order: by root as configured, then by folder, bytewise.
    public let datasets: [Dataset]
    /// The folders that cannot be served, in the same order, including `rootErrors`.
    public let broken: [BrokenDataset]
    /// The roots that cannot be read at present; nothing is served from them.
    public let rootErrors: [BrokenDataset]
    /// Things that work but are probably not meant, such as two datasets with one id; one English line each.
    public let warnings: [String]
    /// One more than that of the snapshot before; the first is 1.
    public let generation: UInt64
    /// Whether the only root, without a name, is itself a dataset, which is then served at `/`.
    public let isSingleDataset: Bool

    init(
        datasets: [Dataset],
        broken: [BrokenDataset],
        rootErrors: [BrokenDataset],
        warnings: [String],
        generation: UInt64,
        isSingleDataset: Bool
    ) {
        self.datasets = datasets
        self.broken = broken
        self.rootErrors = rootErrors
        self.warnings = warnings
        self.generation = generation
        self.isSingleDataset = isSingleDataset
    }

    /// Whether both snapshots say the same with the same dataset objects.
    func hasSameContent(as other: CatalogSnapshot) -> Bool {
        isSingleDataset == other.isSingleDataset && broken == other.broken && rootErrors == other.rootErrors
            && warnings == other.warnings && datasets.elementsEqual(other.datasets, by: ===)
    }
}
