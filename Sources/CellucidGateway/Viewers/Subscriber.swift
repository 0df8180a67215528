import Reactor
import Synchronization
import Viewers

/// A viewer whose events go into a log that a script follows: its log, and whoever waits for it to grow.
///
/// Any thread may use it. The disk is waited for on the pool's threads.
final class Subscriber: Sendable {
    /// What became of an event.
    enum Appended: Sendable, Equatable {
        /// It is on the disk, under that number.
        case kept(UInt64)
        /// The viewer was closed meanwhile.
        case closed
        /// So many events wait for the disk that this one was not taken.
        case busy
        /// It could not be kept.
        case failed(ViewerStoreError)
    }

    /// An event that waits for the disk.
    private struct Waiting: Sendable {
        let json: [UInt8]
        let done: @Sendable (Appended) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var waitingBytes = 0
        /// Whether a job of the pool will take what waits.
        var isScheduled = false
        var isClosed = false
        /// The number of the next event, once the log has been looked at.
        var next: UInt64?
        var watchers: [ObjectIdentifier: LoopNotice] = [:]
    }

    /// The most bytes of events of one viewer that wait for the disk.
    private static let mostWaitingBytes = 16 << 20
    /// The most bytes that are appended at once, so that other viewers have their turn.
    private static let groupBytes = 1 << 20

    /// Which viewer.
    let id: ViewerID
    private let store: SubscriberStore
    private let pool: BlockingPool
    private let state = Mutex(State())

    /// Makes the face of a viewer whose subscriber is in `store`.
    init(_ id: ViewerID, _ store: SubscriberStore, pool: BlockingPool) {
        self.id = id
        self.store = store
        self.pool = pool
    }

    // MARK: Appending

    /// Appends an event, and returns when it is on the disk.
    ///
    /// Events get their numbers in the order of the calls. Those that come while others are being written go to the disk
    /// together.
    func append(_ json: [UInt8]) async -> Appended {
        unsafe await withUnsafeContinuation { continuation in
            enqueue(Waiting(json: json) { unsafe continuation.resume(returning: $0) })
        }
    }

    private func enqueue(_ event: Waiting) {
        var refusal: Appended?
        var isFirst = false
        state.withLock { state in
            if state.isClosed {
                refusal = .closed
            } else if !state.waiting.isEmpty, state.waitingBytes + event.json.count > Self.mostWaitingBytes {
                refusal = .busy
            } else {
                state.waiting.append(event)
                state.waitingBytes += event.json.count
                isFirst = !state.isScheduled
                state.isScheduled = true
            }
        }
        if let refusal { event.done(refusal) }
        if isFirst { pool.submit { [self] in appendNext() } }
    }

    /// Appends what waits, as one group; the rest of it is left for another job, after those of other viewers.
    private func appendNext() {
        let group = state.withLock { state in
            var bytes = 0
            let count =
                state.waiting.firstIndex { event in
                    defer { bytes += event.json.count }
                    return bytes > 0 && bytes + event.json.count > Self.groupBytes
                } ?? state.waiting.count
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.waitingBytes -= group.reduce(0) { $0 + $1.json.count }
            return group
        }
        let results = write(group.map(\.json))
        for (event, result) in zip(group, results) { event.done(result) }
        if case .kept = results.first { wakeWatchers() }
        let isMore = state.withLock { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        if isMore { pool.submit { [self] in appendNext() } }
    }

    private func write(_ group: [[UInt8]]) -> [Appended] {
        do throws(ViewerStoreError) {
            let now = Clock.unixMilliseconds()
            guard let log = try store.log(of: id, unixMilliseconds: now) else {
                return group.map { _ in .closed }
            }
            let numbers = try log.append(group, unixMilliseconds: now)
            note(next: numbers.upperBound)
            return numbers.map { .kept($0) }
        } catch {
            let result: Appended = error.kind == .closed ? .closed : .failed(error)
            return group.map { _ in result }
        }
    }

    // MARK: Reading

    /// Whether there may be something after a cursor.
    func hasNews(after cursor: UInt64?) -> Bool {
        guard let next = state.withLock({ $0.next }), let cursor else { return true }
        return next - 1 != cursor
    }

    /// Reads what comes after a cursor.
    /// - Parameters:
    ///   - cursor: the number of the last event the reader has; `nil` to begin with the oldest.
    ///   - mostBytes: the most bytes of a batch; one event may have more.
    /// - Returns: the events, or why they cannot be read.
    func read(after cursor: UInt64?, mostBytes: Int) async -> Result<EventBatch, ViewerStoreError> {
        await pool.run { [self] in
            do throws(ViewerStoreError) {
                guard let log = try store.log(of: id, unixMilliseconds: Clock.unixMilliseconds()) else {
                    throw ViewerStoreError("\(id)", "the viewer has been closed", kind: .closed)
                }
                note(next: log.nextID)
                return .success(try log.read(after: cursor, mostBytes: mostBytes))
            } catch {
                return .failure(error)
            }
        }
    }

    private func note(next: UInt64) {
        state.withLock { $0.next = max($0.next ?? 0, next) }
    }

    // MARK: Watching

    /// Posts `notice`, once, when the log has grown or the viewer is closed.
    func watch(_ notice: LoopNotice, of watcher: ObjectIdentifier) {
        state.withLock { $0.watchers[watcher] = notice }
    }

    /// Ends ``watch(_:of:)``.
    func unwatch(_ watcher: ObjectIdentifier) {
        _ = state.withLock { $0.watchers.removeValue(forKey: watcher) }
    }

    private func wakeWatchers() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return state.watchers
        }
        for notice in watchers.values { notice.post() }
    }

    // MARK: Ending

    /// Whether it was closed: whoever follows it ends.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Refuses events from now on and ends all streams.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeWatchers()
    }
}
