import Reactor
import Synchronization
import Telemetry
import Viewers

/// Which viewer belongs to whom, and what subscribers have entrusted to the gateway: their viewers' events and session
/// bundles.
///
/// One for the process; all event loops share it. What waits for the disk runs on threads of its own, so that a flood of
/// events never delays a file.
final class ViewerService: Sendable {
    /// Where things are kept.
    struct Store: Sendable {
        let subscribers: SubscriberStore
        let spool: SessionSpool
    }

    struct State {
        var registry = ViewerRegistry()
        var subscribers: [ViewerID: Subscriber] = [:]
        /// Viewers that are closed and whose folders are just being removed.
        var removing: Set<ViewerID> = []
        var requests = SessionRequests()
        /// Bundles that are just being sent.
        var fetching: Set<SessionKey> = []
        /// `nil` when nothing can be kept.
        var store: Store?
        /// Why that is so.
        var problem = "The gateway is just starting."
    }

    /// Seconds that a viewer of a subscriber is known without being used.
    static let idleSeconds = ViewerRegistry.Limits().registeredIdleMilliseconds / 1000
    /// How long a session bundle waits to be fetched.
    static let spoolLimits = SessionSpool.Limits()
    /// Milliseconds between two looks at what has expired.
    private static let sweepMilliseconds: Int64 = 20_000
    /// Milliseconds between two tries to open the folder.
    private static let retryMilliseconds: Int64 = 1000
    /// Most of the time these threads wait for the disk, which takes more at once than one at a time.
    private static let threadCount = 8

    /// The prefix of all URLs; begins and ends with a slash.
    let basePath: String
    let log: Log
    let pool: BlockingPool
    let state = Mutex(State())
    let directory: String
    /// The turns of events of viewers whose owners are being looked for.
    let ownerSearches = RequestTurns(limit: 512)
    private let sweeping = Mutex<Thread?>(nil)
    /// The folder for the port, once that is known; held while it is opened or swept.
    private let folder = Mutex<String?>(nil)
    private let stopping: Latch

    /// Makes the service; subscribers can use it after ``open(port:)``.
    /// - Parameters:
    ///   - directory: the gateway's folder for what survives a restart.
    ///   - basePath: the prefix of all URLs; begins and ends with a slash.
    ///   - log: what is found, and what goes wrong, is told here.
    /// - Throws: `SystemError` when the system gives no threads.
    init(directory: String, basePath: String, log: Log) throws(SystemError) {
        self.directory = directory
        self.basePath = basePath
        self.log = log
        pool = try BlockingPool(threadCount: Self.threadCount, name: "viewers")
        stopping = try Latch(count: 1)
    }

    /// Finds what was kept by the last gateway on that port, and begins to keep more; to be called once.
    ///
    /// Waits for the disk. Without a folder that can be used, everything works but what is for subscribers, and the folder
    /// is tried again until it can be.
    /// - Parameters:
    ///   - port: the port.
    ///   - needsFolder: whether a folder that cannot be used is a failure, unless somebody else is using it.
    /// - Throws: `ViewerStoreError` with the file at fault, if that is a failure.
    func open(port: UInt16, needsFolder: Bool = false) throws(ViewerStoreError) {
        try folder.withLock { folder throws(ViewerStoreError) in
            let path = "\(directory)/\(port)"
            folder = path
            do throws(ViewerStoreError) {
                try openStore(path)
            } catch {
                // Whoever uses it can be the gateway that this one takes over from, and gives it back at a restart.
                if needsFolder, error.kind != .inUse { throw error }
                noteUnavailable(error)
            }
        }
        let thread = try? Thread(name: "viewers") { [self] in
            while !stopping.wait(milliseconds: sweepMilliseconds) { sweep() }
        }
        sweeping.withLock { $0 = thread }
    }

    /// Ends the threads; events that have not been answered yet may get lost.
    func stop() {
        ownerSearches.close()
        stopping.countDown()
        let running = sweeping.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
        pool.stop()
    }

    /// The clock of the registry.
    static var now: Int64 { Clock.monotonicMilliseconds() }

    // MARK: Expiry

    /// When to look again.
    private var sweepMilliseconds: Int64 {
        state.withLock { $0.store == nil } ? Self.retryMilliseconds : Self.sweepMilliseconds
    }

    /// Removes what was not used for too long, and opens the folder if that was not possible so far or somebody has
    /// removed it; waits for the disk.
    func sweep() {
        folder.withLock { folder in
            if let folder { ensureStore(folder) }
            removeExpired()
        }
    }

    private func removeExpired() {
        ownerSearches.expire(now: Self.now)
        let (expired, forgotten, store) = state.withLock { state in
            let now = Self.now
            let expired = state.requests.expire(now: now)
            let ids = state.registry.expire(now: now).map(\.id)
            return (expired, ids.compactMap { Self.take($0, &state) }, state.store)
        }
        for key in expired { drop(key) }
        for subscriber in forgotten { remove(subscriber) }
        guard let store else { return }
        let now = Clock.unixMilliseconds()
        noteUses(store, unixMilliseconds: now)
        for id in removeIdle(store, unixMilliseconds: now) {
            if let subscriber = state.withLock({ Self.take(id, &$0) }) { remove(subscriber) }
        }
    }

    /// Removes from the disk the bundles whose time is over, and the viewers that were not used for too long.
    /// - Returns: those viewers.
    func removeIdle(_ store: Store, unixMilliseconds now: Int64) -> [ViewerID] {
        store.spool.sweep(unixMilliseconds: now)
        let idle = store.subscribers.sweep(idleMilliseconds: Self.idleSeconds * 1000, unixMilliseconds: now)
        for id in idle { log.info("the viewer \(id) was not used for too long and is forgotten") }
        return idle
    }

    /// Tells the store when the registry last saw the subscribers' viewers used, which is all it knows of a renewal, of a
    /// request for a bundle and of whoever just follows.
    private func noteUses(_ store: Store, unixMilliseconds: Int64) {
        let now = Self.now
        let uses = state.withLock { state in
            state.subscribers.keys.compactMap { id in state.registry[id].map { (id, $0.lastUsed) } }
        }
        for (id, lastUsed) in uses {
            store.subscribers.noteUse(id, unixMilliseconds: unixMilliseconds - max(0, now - lastUsed))
        }
    }

    /// Takes a subscriber's viewer out, so that nobody finds it any more; ``remove(_:)`` must follow.
    /// - Returns: `nil` when there is none.
    static func take(_ id: ViewerID, _ state: inout State) -> Subscriber? {
        guard let subscriber = state.subscribers.removeValue(forKey: id) else { return nil }
        state.registry.close(id)
        state.requests.close(id)
        state.removing.insert(id)
        return subscriber
    }

    /// Ends the streams of a viewer that nobody can find any more, and removes what is on the disk of it; waits for the
    /// disk.
    func remove(_ subscriber: Subscriber) {
        subscriber.close()
        let store = state.withLock { $0.store }
        do throws(ViewerStoreError) {
            try store?.subscribers.remove(subscriber.id)
        } catch {
            log.warning("what was kept of a viewer cannot be removed: \(error)")
        }
        store?.spool.remove(viewerID: subscriber.id)
        _ = state.withLock { $0.removing.remove(subscriber.id) }
    }
}
