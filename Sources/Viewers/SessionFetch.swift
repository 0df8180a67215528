import Reactor
import Synchronization

/// A session bundle that is being sent to its subscriber.
///
/// It can be fetched again after ``giveBack()``, or when the object goes without ``finish()``.
public final class SessionFetch: Sendable {
    /// The bundle.
    public let session: StoredSession
    /// Its file, open for reading; as long as this object lives.
    public var descriptor: Int32 { file.raw }

    private let file: Descriptor
    private let entry: SessionSpool.Entry
    private let key: String
    private let spool: SessionSpool
    private let isFinished = Mutex(false)

    init(_ entry: SessionSpool.Entry, key: String, _ file: consuming Descriptor, spool: SessionSpool) {
        session = entry.session
        self.file = file
        self.entry = entry
        self.key = key
        self.spool = spool
    }

    deinit { end(isDelivered: false) }

    /// Reads a part of it; waits for the disk.
    /// - Returns: so many bytes as asked for, or `nil` when there are fewer or the disk cannot read them.
    public func read(_ count: Int, at offset: Int) -> [UInt8]? { file.read(count, at: offset) }

    /// Removes the bundle: the subscriber has all of it.
    public func finish() { end(isDelivered: true) }

    /// Lets it be fetched again; nothing happens after ``finish()``.
    public func giveBack() { end(isDelivered: false) }

    private func end(isDelivered: Bool) {
        let isFirst = isFinished.withLock { isFinished in
            defer { isFinished = true }
            return !isFinished
        }
        if isFirst { spool.endFetch(entry, key: key, isDelivered: isDelivered) }
    }
}
