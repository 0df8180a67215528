import Glibc
import Reactor
import Synchronization

/// The events of one viewer on the disk, in the order in which they came.
///
/// It is a folder of segments, files that are appended to and, when they are old or there are too many bytes,
/// removed whole, oldest first. What ``append(_:unixMilliseconds:)`` has returned for survives the end of the
/// process and of the machine.
///
/// All calls wait for the disk, and any thread may make them; reading does not wait for appending. One log at a
/// time can have a folder.
public final class EventLog: Sendable {
    /// How much is kept.
    public struct Limits: Sendable, Equatable {
        /// A segment that has so many bytes gets no more events.
        public var segmentBytes: Int
        /// The oldest segment is removed when those after it have more bytes than that, so that an event stays as long as
        /// there are not so many later ones.
        public var leastBytes: Int
        /// How long events are kept at least, milliseconds; at most an eighth longer.
        public var mostMilliseconds: Int64

        /// Sets limits: segments of 1 MiB, 16 MiB of them besides the oldest, a day, unless told otherwise.
        public init(
            segmentBytes: Int = 1 << 20,
            leastBytes: Int = 16 << 20,
            mostMilliseconds: Int64 = 24 * 3_600_000
        ) {
            self.segmentBytes = segmentBytes
            self.leastBytes = leastBytes
            self.mostMilliseconds = mostMilliseconds
        }
    }

    /// The most bytes of one event: those of a request that brings one (contract 1.9), of which each `NaN` and its comma
    /// may have become `null` and a comma.
    public static let mostEventBytes = (1 << 20) / 4 * 5
    /// The most bytes of all events that are appended by one call.
    public static let mostGroupBytes = 16 << 20

    /// What is there to be read.
    struct Index: Sendable {
        var segments: [EventSegment] = []
        /// The number of the next event.
        var next: UInt64 = 1
        /// When the last event of the last segment was appended, Unix time in milliseconds; `nil` when it has none.
        var last: Int64?
        /// Whether everything has been removed.
        var isClosed = false
    }

    /// What only one thread at a time may touch.
    struct Writer: ~Copyable {
        /// The last segment; `nil` when the next event goes to a new one.
        var file: Descriptor?
    }

    let folder: StoreFolder
    let limits: Limits
    /// Held while the folder is changed; whoever holds both locks took this one first.
    let writer: Mutex<Writer>
    let index: Mutex<Index>

    /// Opens the log in a folder, which is made when it is not there.
    ///
    /// What an interrupted program left half written at the end is cut off. Nobody was told that it is kept.
    /// - Parameters:
    ///   - path: the folder; everything in it belongs to the log.
    ///   - limits: how much is kept.
    /// - Throws: `ViewerStoreError` with the file at fault, of kind `.inUse` when another log has the folder.
    public init(folder path: String, limits: Limits = Limits()) throws(ViewerStoreError) {
        self.limits = limits
        folder = try StoreFolder(making: path)
        var index = Index()
        let file = try Self.recover(folder, &index)
        writer = Mutex(Writer(file: file))
        self.index = Mutex(index)
    }

    /// The number that the next event will have.
    public var nextID: UInt64 { index.withLock { $0.next } }

    /// The index, unless the log has been removed.
    func openIndex() throws(ViewerStoreError) -> Index {
        let current = index.withLock { $0 }
        guard !current.isClosed else {
            throw ViewerStoreError(folder.path, "the viewer has been closed", kind: .closed)
        }
        return current
    }

    /// Bytes of all segments.
    public var byteCount: Int { index.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    /// Removes everything, and the folder; later calls throw an error of kind `.closed`.
    /// - Throws: `ViewerStoreError` when something cannot be removed. The log is closed nevertheless.
    public func remove() throws(ViewerStoreError) {
        try writer.withLock { writer throws(ViewerStoreError) in
            writer.file = nil
            index.withLock {
                $0.segments = []
                $0.isClosed = true
            }
            try folder.removeAll()
        }
    }
}
