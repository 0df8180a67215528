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
    /// The listing for other gateways: without what is behind a gateway itself, since the listings of gateways that have
    /// each other as upstreams would grow for ever.
    let listingForGateways: [UInt8]
    let staticCatalogue: [UInt8]
    /// The running servers behind the gateway.
    let backends: BackendView
    /// What is wrong with the datasets, of the roots and of running servers.
    var warnings: [String] { snapshot.warnings + upstreamWarnings }
    /// What is wrong with the datasets of running servers.
    let upstreamWarnings: [String]
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
        let shown = snapshot.datasets.filter { !backends.has(mount: $0.mount) }
        for dataset in shown {
            entries.append((dataset.id, isSingle ? "/" : "/\(dataset.mount)/", dataset.name))
        }
        upstreamWarnings = UpstreamDuplicates.warnings(shown, backends.entries)
        func listing(_ shown: [BackendView.Entry]) -> [UInt8] {
            let more = shown.map { (id: $0.id, path: "/\($0.mount)/", name: $0.name) }
            return Array(CellucidDocuments.datasets(entries + more).utf8)
        }
        self.listing = listing(backends.entries)
        let direct = backends.entries.filter { !$0.isGateways }
        listingForGateways = direct.count == backends.entries.count ? self.listing : listing(direct)
        staticCatalogue = Array(CellucidDocuments.staticCatalogue(snapshot.datasets).utf8)
    }

    /// The dataset mounted at the segment `path[range]`.
    func dataset(at path: [UInt8], _ range: Range<Int>) -> ServedDataset? { mounts[BytesKey(path, range)] }
}
