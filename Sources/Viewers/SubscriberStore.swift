import Reactor
import Synchronization

/// All subscribers and the logs of their viewers, on the disk: they survive the end of the process.
///
/// All calls wait for the disk, and any thread may make them; those for different viewers do not wait for each
/// other. One store at a time can have a folder.
public final class SubscriberStore: Sendable {
    private let folder: StoreFolder
    private let limits: EventLog.Limits
    private let subscribers: Mutex<[ViewerID: SubscriberFolder]>
    /// Held while a subscriber is added or removed; taken before the lock of the dictionary.
    private let changes = Mutex<Void>(())

    /// Opens the store in a folder, which is made when it is not there.
    ///
    /// What an interrupted program left of subscribers that it was making or removing is removed.
    /// - Parameters:
    ///   - path: the folder; it belongs to the store.
    ///   - limits: how much each log keeps.
    /// - Throws: `ViewerStoreError` with the file at fault, of kind `.inUse` when another store has the folder.
    public init(folder path: String, limits: EventLog.Limits = .init()) throws(ViewerStoreError) {
        self.limits = limits
        folder = try StoreFolder(making: path)
        try folder.requireWritable()
        var found: [ViewerID: SubscriberFolder] = [:]
        for name in try folder.names() where SubscriberFolder.isName(name) {
            if let subscriber = try SubscriberFolder.open(name, in: path) {
                found[subscriber.record.id] = subscriber
            } else {
                try SubscriberFolder.removeFiles(folder.path(name))
            }
        }
        subscribers = Mutex(found)
    }

    /// Makes sure that nobody has removed the folder since it was opened; a store without is of no use any more.
    /// - Throws: `ViewerStoreError` of kind `.removed` when somebody has.
    public func requireFolder() throws(ViewerStoreError) { try folder.requireName() }

    /// What is known of all subscribers, in the order in which they were registered.
    public var all: [SubscriberRecord] {
        let records = subscribers.withLock { $0.values.map(\.record) }
        return records.sorted { ($0.created, $0.id.text) < ($1.created, $1.id.text) }
    }

    /// Adds a subscriber, and returns when it is on the disk; what was there of the same viewer is removed.
    /// - Throws: `ViewerStoreError` with the file at fault; the viewer has no subscriber then.
    public func add(_ record: SubscriberRecord) throws(ViewerStoreError) {
        try changes.withLock { _ throws(ViewerStoreError) in
            try requireFolder()
            try subscribers.withLock { $0.removeValue(forKey: record.id) }?.remove()
            let subscriber = try SubscriberFolder.make(record, in: folder.path)
            subscribers.withLock { $0[record.id] = subscriber }
        }
    }

    /// The log of a viewer, which is opened if it is not: so keep it for as long as it is followed, no longer.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - now: the time, Unix time in milliseconds.
    /// - Returns: `nil` when the viewer has no subscriber.
    /// - Throws: `ViewerStoreError` with the file at fault.
    public func log(of id: ViewerID, unixMilliseconds now: Int64) throws(ViewerStoreError) -> EventLog? {
        guard let subscriber = subscribers.withLock({ $0[id] }) else { return nil }
        try requireFolder()
        do throws(ViewerStoreError) {
            return try subscriber.log(limits, now)
        } catch  where error.kind == .closed {
            // It was removed since it was looked up.
            return nil
        }
    }

    /// Notes that a subscriber or its viewer is alive, so that it is not swept; asking for the log does so too.
    /// - Parameters:
    ///   - id: which viewer; nothing happens when it has no subscriber.
    ///   - now: the time, Unix time in milliseconds.
    public func noteUse(_ id: ViewerID, unixMilliseconds now: Int64) {
        subscribers.withLock { $0[id] }?.noteUse(now)
    }

    /// When a subscriber or its viewer was last used, Unix time in milliseconds; `nil` when the viewer has none.
    public func lastUsed(_ id: ViewerID) -> Int64? { subscribers.withLock { $0[id] }?.lastUsed }

    // MARK: Requests for session bundles

    /// The open requests of a viewer's subscriber that are kept, those that are over and were not dropped included.
    public func requests(of id: ViewerID) -> [SessionRequestRecord] {
        subscribers.withLock({ $0[id] })?.requests ?? []
    }

    /// Keeps an open request, and returns when it is on the disk.
    /// - Returns: `false` when the viewer has no subscriber.
    /// - Throws: `ViewerStoreError` with the file at fault; the request is not kept then.
    public func keep(_ request: SessionRequestRecord, of id: ViewerID) throws(ViewerStoreError) -> Bool {
        guard let subscriber = subscribers.withLock({ $0[id] }) else { return false }
        try requireFolder()
        do throws(ViewerStoreError) {
            try subscriber.keep(request)
            return true
        } catch  where error.kind == .closed {
            // It was removed since it was looked up.
            return false
        }
    }

    /// Drops a request that was answered or is over; nothing happens when it is not kept.
    /// - Throws: `ViewerStoreError` with the file at fault. The request may be found when the store is opened again.
    public func drop(_ key: SessionKey) throws(ViewerStoreError) {
        try subscribers.withLock { $0[key.viewerID] }?.drop(key.requestID)
    }

    // MARK: Forgetting

    /// Removes a subscriber and its viewer's log; whoever follows that gets an error of kind `.closed`.
    /// - Returns: whether there was one.
    /// - Throws: `ViewerStoreError` with the file at fault. The subscriber is gone nevertheless, and the rest of
    ///   its files goes when the store is opened again.
    @discardableResult
    public func remove(_ id: ViewerID) throws(ViewerStoreError) -> Bool {
        try changes.withLock { _ throws(ViewerStoreError) in
            guard let subscriber = subscribers.withLock({ $0.removeValue(forKey: id) }) else { return false }
            try subscriber.remove()
            return true
        }
    }

    /// Removes the subscribers that were not used for too long, and old events; closes logs that nobody uses.
    ///
    /// To be called every minute or so, and once after opening: it also tells the disk when each subscriber was
    /// last used, which counts after a restart. A log that somebody has is in use.
    /// - Parameters:
    ///   - idleMilliseconds: how long a subscriber is kept without being used.
    ///   - now: the time, Unix time in milliseconds.
    /// - Returns: the viewers whose subscribers were removed. What is left of their files goes when the store is
    ///   opened again.
    public func sweep(idleMilliseconds: Int64, unixMilliseconds now: Int64) -> [ViewerID] {
        var removed: [ViewerID] = []
        for (id, subscriber) in subscribers.withLock({ $0 }) {
            try? subscriber.sweep(now)
            guard now - subscriber.lastUsed >= idleMilliseconds else { continue }
            _ = try? remove(id)
            removed.append(id)
        }
        return removed
    }
}
