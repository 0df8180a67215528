import Bytes
import Catalog

/// One snapshot of the catalogue as requests see it: immutable, shared by all event loops, replaced whole.
final class CatalogView: Sendable {
    let snapshot: CatalogSnapshot
    /// The datasets in listing order.
    let datasets: [ServedDataset]
    /// The dataset that is served at the root itself, when the root folder is one dataset.
    let rootDataset: ServedDataset?
    let listing: [UInt8]
    let staticCatalogue: [UInt8]
    private let mounts: [BytesKey: ServedDataset]

    /// Makes what requests need.
    /// - Parameters:
    ///   - snapshot: the state of the roots.
    ///   - webApp: the name of the web app of a dataset.
    init(
        _ snapshot: CatalogSnapshot,
        webApp: (Dataset) -> String = { _ in Configuration.WebApp.usualName }
    ) {
        self.snapshot = snapshot
        let served = snapshot.datasets.map { ServedDataset($0, webApp: webApp($0)) }
        datasets = served
        rootDataset = snapshot.isSingleDataset ? served.first : nil
        mounts = Dictionary(
            served.map { (BytesKey($0.dataset.mount), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        if let only = rootDataset {
            listing = only.ownListing
        } else {
            let entries = snapshot.datasets.map { (dataset: $0, path: "/\($0.mount)/") }
            listing = Array(CellucidDocuments.datasets(entries).utf8)
        }
        staticCatalogue = Array(CellucidDocuments.staticCatalogue(snapshot.datasets).utf8)
    }

    /// The dataset mounted at the segment `path[range]`.
    func dataset(at path: [UInt8], _ range: Range<Int>) -> ServedDataset? { mounts[BytesKey(path, range)] }
}
