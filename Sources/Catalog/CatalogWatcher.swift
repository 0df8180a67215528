import Reactor
internal import Synchronization

/// Keeps a catalogue true while folders come, change and go.
///
/// A thread of its own rescans the roots shortly after inotify reports a change, and from time to time in any
/// case, because inotify sees nothing of what other machines do to a network file system. It also measures
/// the sizes of new datasets. Callbacks run on that thread, one at a time.
public final class CatalogWatcher: Sendable {
    private let requests: WatchRequests
    private let thread: Mutex<Thread?>

    /// Starts watching.
    ///
    /// - Parameters:
    ///   - scanner: What to scan, and how.
    ///   - initial: The result of the scanner's first scan; it is not published again.
    ///   - interval: The time between two scans without any event.
    ///   - onNotice: Receives one English line for the operator when the kernel's limits are too low.
    ///   - onChange: Receives every new snapshot, before the sizes of its new datasets are known.
    /// - Throws: `CatalogError.watcherUnavailable` when there is no thread or descriptor left.
    public convenience init(
        scanner: RootScanner,
        initial: CatalogSnapshot,
        interval: Duration = .seconds(30),
        onNotice: @escaping @Sendable (String) -> Void,
        onChange: @escaping @Sendable (CatalogSnapshot) -> Void
    ) throws(CatalogError) {
        try self.init(
            scanner: scanner,
            initial: initial,
            interval: interval,
            maximumWatches: .max,
            onNotice: onNotice,
            onChange: onChange
        )
    }

    init(
        scanner: RootScanner,
        initial: CatalogSnapshot,
        interval: Duration,
        maximumWatches: Int,
        onNotice: @escaping @Sendable (String) -> Void,
        onChange: @escaping @Sendable (CatalogSnapshot) -> Void
    ) throws(CatalogError) {
        precondition(interval > .zero, "the interval between scans must be positive")
        do throws(SystemError) {
            let requests = try WatchRequests()
            self.requests = requests
            thread = Mutex(
                try Thread(name: "catalog") {
                    WatchLoop(
                        scanner: scanner,
                        initial: initial,
                        interval: interval,
                        maximumWatches: maximumWatches,
                        requests: requests,
                        onNotice: onNotice,
                        onChange: onChange
                    ).run()
                }
            )
        } catch {
            throw .watcherUnavailable(reason: error.sentence)
        }
    }

    deinit { stop() }

    /// Scans as soon as possible; callable from any thread.
    public func rescanNow() {
        requests.post { $0.rescan = true }
    }

    /// Ends the thread and waits until it has ended, at most the time of one scan or one measurement.
    ///
    /// Called from a callback it does not wait. Calling it again does nothing.
    public func stop() {
        thread.withLock { thread in
            guard let running = thread else { return }
            thread = nil
            requests.post { $0.stop = true }
            if running.isCurrent {
                // A thread cannot wait for itself; it ends by itself after the callback.
                running.detach()
            } else {
                running.join()
            }
        }
    }
}
