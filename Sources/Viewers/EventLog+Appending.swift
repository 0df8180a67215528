import Glibc
import Reactor
import Synchronization

/// Adding events, and removing old ones.
extension EventLog {
    /// Appends events, and returns when they are on the disk.
    ///
    /// All events of a call cost one wait for the disk, so those that come at the same time should be given
    /// together. When it throws, none of them is in the log; it may happen only with a failing disk that some
    /// are found there after a restart.
    /// - Parameters:
    ///   - events: 1 to ``mostEventBytes`` bytes each, at most ``mostGroupBytes`` together.
    ///   - now: the time, Unix time in milliseconds.
    /// - Returns: their numbers, in the same order.
    /// - Throws: `ViewerStoreError` with the file at fault, of kind `.tooLarge` when a limit is passed.
    public func append(_ events: [[UInt8]], unixMilliseconds now: Int64) throws(ViewerStoreError) -> Range<
        UInt64
    > {
        try check(events)
        return try writer.withLock { writer throws(ViewerStoreError) in
            let first = try openIndex().next
            if events.isEmpty { return first..<first }
            let bytes = events.reduce(0) { $0 + EventRecordHeader.size + $1.count }
            var segment = try segmentToAppend(bytes, &writer, now)
            var group: [UInt8] = []
            group.reserveCapacity(bytes)
            for (number, event) in events.enumerated() {
                let id = first + UInt64(number)
                segment.note(EventSegment.Mark(id: id, offset: segment.size + group.count))
                EventRecordHeader(event, id: id, unixMilliseconds: now).append(to: &group)
                group += event
            }
            try write(group, count: events.count, to: segment, &writer)
            segment.size += group.count
            index.withLock {
                $0.segments[$0.segments.count - 1] = segment
                $0.next = first + UInt64(events.count)
                $0.last = now
            }
            removeOld(now)
            return first..<first + UInt64(events.count)
        }
    }

    /// Removes events that are too old; appending does so too.
    /// - Parameter now: the time, Unix time in milliseconds.
    /// - Throws: `ViewerStoreError` when the folder cannot be written.
    public func trim(unixMilliseconds now: Int64) throws(ViewerStoreError) {
        try writer.withLock { writer throws(ViewerStoreError) in
            let last = try openIndex().last
            let areAllOld = last.map { $0 < now - limits.mostMilliseconds } ?? false
            // The numbers go on in a new segment, so that they are remembered without the old ones.
            if areAllOld { try makeSegment(&writer, now) }
            removeOld(now, isAnyOldEnough: areAllOld)
        }
    }

    private func check(_ events: [[UInt8]]) throws(ViewerStoreError) {
        precondition(events.allSatisfy { !$0.isEmpty }, "an event has at least one byte")
        if let event = events.first(where: { $0.count > Self.mostEventBytes }) {
            let reason = "an event has \(event.count) bytes, more than \(Self.mostEventBytes)"
            throw ViewerStoreError(folder.path, reason, kind: .tooLarge)
        }
        guard events.reduce(0, { $0 + $1.count }) <= Self.mostGroupBytes else {
            let reason = "events have more than \(Self.mostGroupBytes) bytes together"
            throw ViewerStoreError(folder.path, reason, kind: .tooLarge)
        }
    }

    /// The segment that a group of events goes to, a new one if need be.
    private func segmentToAppend(
        _ bytes: Int,
        _ writer: inout Writer,
        _ now: Int64
    ) throws(ViewerStoreError) -> EventSegment {
        if let last = index.withLock({ $0.segments.last }), writer.file != nil {
            let isYoung = now - last.created <= limits.mostMilliseconds / 8
            let hasRoom = last.size + bytes <= limits.segmentBytes
            if last.size <= EventSegment.headerSize || isYoung && hasRoom { return last }
        }
        return try makeSegment(&writer, now)
    }

    /// Makes a segment for the next event; afterwards it is on the disk, whatever happens.
    @discardableResult
    private func makeSegment(_ writer: inout Writer, _ now: Int64) throws(ViewerStoreError) -> EventSegment {
        let segment = EventSegment(first: nextID, created: now, size: EventSegment.headerSize)
        // A segment that has no event yet is appended to, or has had its numbers skipped.
        precondition(index.withLock { $0.segments.last?.first } != segment.first)
        let path = folder.path(segment.name)
        try folder.requireName()
        let file = try folder.open(segment.name, O_WRONLY | O_CREAT | O_TRUNC)
        do throws(ViewerStoreError) {
            try file.write(segment.header.span, at: 0, path)
            try file.synchronizeData(path)
            try folder.synchronize()
        } catch {
            try? folder.remove(segment.name)
            throw error
        }
        writer.file = consume file
        index.withLock {
            $0.segments.append(segment)
            $0.last = nil
        }
        return segment
    }

    /// Writes a group behind a segment's end and waits until it is on the disk.
    private func write(
        _ group: [UInt8],
        count: Int,
        to segment: EventSegment,
        _ writer: inout Writer
    ) throws(ViewerStoreError) {
        let path = folder.path(segment.name)
        guard let file = writer.file.take() else { preconditionFailure("no segment to append to") }
        var isWritten = false
        do throws(ViewerStoreError) {
            try file.write(group.span, at: segment.size, path)
            isWritten = true
            try file.synchronizeData(path)
            try file.requireName(path)
        } catch {
            // What is half written must not stand before the next one. When waiting for the disk fails, the
            // kernel may have dropped the pages or not: that file is not appended to again, nor are the numbers
            // given again. The same goes for a file that somebody has removed.
            if !isWritten, (try? file.truncate(to: segment.size, path)) != nil {
                writer.file = consume file
            } else {
                index.withLock { $0.next += UInt64(count) }
            }
            throw error
        }
        writer.file = consume file
    }

    /// Removes the oldest segments while there is too much or they are too old; the newest one stays.
    ///
    /// Those that cannot be removed stay until the next time.
    private func removeOld(_ now: Int64, isAnyOldEnough: Bool = false) {
        let segments = index.withLock { $0.segments }
        var total = segments.reduce(0) { $0 + $1.size }
        var removed = 0
        for (segment, next) in zip(segments, segments.dropFirst()) {
            let isOld = isAnyOldEnough || next.created < now - limits.mostMilliseconds
            guard isOld || total - segment.size > limits.leastBytes else { break }
            guard (try? folder.remove(segment.name)) != nil else { break }
            total -= segment.size
            removed += 1
        }
        if removed > 0 { index.withLock { $0.segments.removeFirst(removed) } }
    }
}
