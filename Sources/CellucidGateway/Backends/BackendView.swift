import Bytes
import Catalog

/// A place in the URL space where a backend's datasets are.
final class MountedBackend: Sendable {
    let backend: Backend
    /// The URL segment.
    let mount: String
    /// The backend's path that takes the place of the mount; begins and ends with a slash.
    let targetPrefix: [UInt8]
    /// `/_cellucid/datasets` as seen from here, when it is not the backend's own.
    let ownListing: [UInt8]?
    /// The name of the web app of the gateway for its pages; `nil` when the backend's own are passed on.
    let webApp: String?

    init(_ backend: Backend, mount: String, dataset: Backend.ListedDataset? = nil) {
        self.backend = backend
        self.mount = mount
        let app = backend.specification.webApp ?? Configuration.WebApp.usualName
        webApp = app == Backend.Specification.ownWebApp ? nil : app
        if let dataset {
            targetPrefix = Array(dataset.path.utf8)
            ownListing = Array(CellucidDocuments.datasets([(dataset.id, "/", dataset.name)]).utf8)
        } else {
            targetPrefix = [UInt8(ascii: "/")]
            ownListing = nil
        }
    }

}

/// The backends at one moment as requests see them: immutable, shared by all event loops, replaced whole.
final class BackendView: Sendable {
    /// A dataset of the listing.
    struct Entry: Sendable {
        let id: String
        let name: String
        let mount: String
        /// Whether it is behind another gateway.
        let isGateways: Bool
    }

    /// Those of the configuration in its order, then the registered ones by mount.
    let backends: [Backend]
    /// What the listing shows of those that answer.
    let entries: [Entry]
    /// By the length of the mount, then by its bytes: few are searched faster than hashed.
    private let mounts: [(name: [UInt8], place: MountedBackend)]

    /// No backends.
    static let empty = BackendView([])

    /// Gives each backend its mount, and each dataset of a backend with several a mount of its own: pages of the viewer
    /// accept one segment only (contract of the Cellucid servers, 7.4.3).
    /// - Parameters:
    ///   - backends: all there are.
    ///   - others: the mounts of the datasets of the roots, which no dataset of a backend takes away.
    init(_ backends: [Backend], besides others: Set<String> = []) {
        self.backends = backends
        var mounts: [MountedBackend] = []
        var taken = others.union(backends.map(\.specification.mount))
        // Where counting went on, so that a long list of equal names takes no quadratic time.
        var numbers: [String: Int] = [:]
        var entries: [Entry] = []
        for backend in backends {
            let mount = backend.specification.mount
            mounts.append(MountedBackend(backend, mount: mount))
            let current = backend.current
            for dataset in current.datasets {
                var place = mount
                if dataset.path != "/" {
                    let folder = dataset.path.split(separator: "/").joined(separator: "-")
                    place = MountName.mapped("\(mount)-\(folder)")
                    if taken.contains(place) {
                        let name = place
                        var number = numbers[name, default: 2]
                        place = MountName.firstFree(number: number, of: name) {
                            number += 1
                            return !taken.contains($0)
                        }
                        numbers[name] = number
                    }
                    taken.insert(place)
                    mounts.append(MountedBackend(backend, mount: place, dataset: dataset))
                }
                if current.condition == .healthy {
                    entries.append(
                        Entry(id: dataset.id, name: dataset.name, mount: place, isGateways: current.isGateway)
                    )
                }
            }
        }
        self.mounts = mounts.map { (Array($0.mount.utf8), $0) }.sorted {
            Self.precedes($0.name.span, $1.name.span)
        }
        self.entries = entries
    }

    /// The backend mounted at the segment `path[range]`.
    func backend(at path: [UInt8], _ range: Range<Int>) -> MountedBackend? {
        backend(of: path.span.extracting(range))
    }

    /// Whether a mount is that of a dataset of a backend with several.
    func hasDataset(mount: String) -> Bool {
        guard let place = backend(of: Array(mount.utf8).span) else { return false }
        return place.mount != place.backend.specification.mount
    }

    /// Whether a mount is a backend's.
    func has(mount: String) -> Bool { backend(of: Array(mount.utf8).span) != nil }

    private func backend(of mount: Span<UInt8>) -> MountedBackend? {
        var (lower, upper) = (0, mounts.count)
        while lower < upper {
            let middle = (lower + upper) / 2
            let name = mounts[middle].name
            if Self.precedes(name.span, mount) { lower = middle + 1 } else { upper = middle }
        }
        guard lower < mounts.count else { return nil }
        let (name, place) = mounts[lower]
        return name.span.equals(mount) ? place : nil
    }

    private static func precedes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return left.count < right.count }
        for index in 0..<left.count where left[index] != right[index] { return left[index] < right[index] }
        return false
    }
}
