import Glibc
import Reactor
import Synchronization

/// Reading events after a cursor.
extension EventLog {
    /// Reads the events that come after a cursor.
    ///
    /// Where events are missing, because they were removed or damaged, or the cursor is none that this log gave,
    /// the batch says so once: its cursor is behind the gap.
    /// - Parameters:
    ///   - cursor: the number of the last event the reader has; `nil` to begin with the oldest there is.
    ///   - limit: the most events, at least 1.
    ///   - mostBytes: the most bytes of them; one event may have more.
    /// - Returns: the events, none when there are no later ones.
    /// - Throws: `ViewerStoreError` with the file at fault.
    public func read(
        after cursor: UInt64?,
        limit: Int = 256,
        mostBytes: Int = 1 << 20
    ) throws(ViewerStoreError) -> EventBatch {
        precondition(limit > 0)
        // A segment can be removed between looking at the index and opening it.
        for _ in 0..<8 {
            let index = try openIndex()
            if index.next - 1 == cursor {
                return EventBatch(resync: nil, records: [], cursor: index.next - 1)
            }
            var pass = EventLogPass(cursor, next: index.next, limit: limit, mostBytes: mostBytes)
            if try collect(index, &pass) { return pass.batch }
        }
        throw ViewerStoreError(folder.path, "segments are removed faster than they can be read")
    }

    /// Takes from each segment in turn what is wanted.
    /// - Returns: `false` when a segment has been removed meanwhile.
    private func collect(_ index: Index, _ pass: inout EventLogPass) throws(ViewerStoreError) -> Bool {
        let from = index.segments.lastIndex { $0.first <= pass.wanted } ?? 0
        for segment in index.segments[min(from, index.segments.count)...] {
            guard let file = try folder.openIfThere(segment.name) else {
                // By other hands than ours? Then it is missing like a damaged one.
                if self.index.withLock({ $0.segments.contains { $0.first == segment.first } }) { continue }
                return false
            }
            var scanned = segment
            var reader = EventSegmentReader(file, end: segment.size, from: segment.mark(for: pass.wanted))
            defer { remember(scanned) }
            scan: while true {
                guard case .header(let header) = reader.look() else { break scan }
                scanned.note(EventSegment.Mark(id: reader.id, offset: reader.offset))
                if header.id < pass.wanted {
                    reader.skip(header)
                } else if !pass.hasRoom(for: header) {
                    return true
                } else if let record = reader.take(header) {
                    pass.add(record)
                }
            }
        }
        return true
    }

    /// Keeps the marks that were noted on the way.
    private func remember(_ scanned: EventSegment) {
        index.withLock { index in
            guard let place = index.segments.lastIndex(where: { $0.first == scanned.first }) else { return }
            let behind = index.segments[place].marks.last?.offset ?? 0
            index.segments[place].marks += scanned.marks.drop { $0.offset <= behind }
        }
    }
}

/// What one call of ``EventLog/read(after:limit:mostBytes:)`` has found so far.
struct EventLogPass {
    /// The least number that is wanted.
    let wanted: UInt64
    private let cursor: UInt64?
    private let next: UInt64
    private let limit: Int
    private let mostBytes: Int
    private var records: [EventRecord] = []
    private var bytes = 0

    init(_ cursor: UInt64?, next: UInt64, limit: Int, mostBytes: Int) {
        self.cursor = cursor
        self.next = next
        self.limit = limit
        self.mostBytes = mostBytes
        // A cursor that was never given is that of another log; there is nothing to go on from.
        wanted = cursor.map { $0 >= next ? 1 : $0 + 1 } ?? 1
    }

    /// Whether a batch can take that event too.
    func hasRoom(for header: EventRecordHeader) -> Bool {
        guard let last = records.last else { return true }
        return header.id == last.id + 1 && records.count < limit && bytes + header.count <= mostBytes
    }

    mutating func add(_ record: EventRecord) {
        records.append(record)
        bytes += record.json.count
    }

    /// The result.
    var batch: EventBatch {
        let first = records.first?.id ?? next
        let isGap = cursor.map { first != $0 &+ 1 } ?? false
        return EventBatch(
            resync: isGap ? first : nil,
            records: records,
            cursor: records.last?.id ?? (next - 1)
        )
    }
}
