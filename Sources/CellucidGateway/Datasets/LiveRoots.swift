import Catalog
import Synchronization

/// The roots on the disk: what watches them, for the life cycle, and for the few requests that need more than the last state of
/// the catalogue.
final class LiveRoots: Sendable {
    private struct State {
        var scanner: RootScanner
        var watcher: CatalogWatcher?
    }

    private let state: Mutex<State>

    /// Looks at the roots of `scanner`; nobody watches them yet.
    init(_ scanner: RootScanner) {
        state = Mutex(State(scanner: scanner, watcher: nil))
    }

    /// Looks at other roots, or has them watched, from now on.
    func replace(_ scanner: RootScanner, _ watcher: CatalogWatcher) {
        state.withLock { $0 = State(scanner: scanner, watcher: watcher) }
    }

    /// Whether a dataset's folder is still what its path leads to.
    ///
    /// Blocks.
    func isInPlace(_ dataset: Dataset) -> Bool {
        state.withLock { $0.scanner }.isInPlace(dataset)
    }

    /// Ends watching and waits until the last change has been published.
    func stopWatching() {
        state.withLock { state in
            defer { state.watcher = nil }
            return state.watcher
        }?.stop()
    }

    /// Asks for a scan; its result comes as a new state of the catalogue.
    func requestRescan() { state.withLock { $0.watcher }?.rescanNow() }
}
