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
    /// The running servers behind the gateway.
    let backends: BackendView
    private let mounts: [BytesKey: ServedDataset]

    /// Makes what requests need.
    /// - Parameters:
    ///   - snapshot: the state of the roots.
    ///   - backends: the running servers; a mount of theirs hides a dataset of the same.
    ///   - webApp: the name of the web app of a dataset.
    init(
        _ snapshot: CatalogSnapshot,
        backends: BackendView = .empty,
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
        self.backends = backends
        let isSingle = snapshot.isSingleDataset
        var entries: [(id: String, path: String, name: String)] = []
        for dataset in snapshot.datasets where !backends.has(mount: dataset.mount) {
            entries.append((dataset.id, isSingle ? "/" : "/\(dataset.mount)/", dataset.name))
        }
        for entry in backends.entries { entries.append((entry.id, "/\(entry.mount)/", entry.name)) }
        listing = Array(CellucidDocuments.datasets(entries).utf8)
        staticCatalogue = Array(CellucidDocuments.staticCatalogue(snapshot.datasets).utf8)
    }

    /// The dataset mounted at the segment `path[range]`.
    func dataset(at path: [UInt8], _ range: Range<Int>) -> ServedDataset? { mounts[BytesKey(path, range)] }
}
