import Glibc
import Reactor

/// Finding out, when a log is opened, what it has.
extension EventLog {
    /// Lists the segments and walks over the newest, in which something may be half written.
    /// - Returns: the newest, to be appended to; `nil` when the next event must go to a new one.
    static func recover(
        _ folder: StoreFolder,
        _ index: inout Index
    ) throws(ViewerStoreError) -> Descriptor? {
        for first in try folder.names().compactMap(EventSegment.first) {
            if let segment = try inspect(first, in: folder) { index.segments.append(segment) }
        }
        while let newest = index.segments.popLast() {
            index.next = max(index.next, newest.first)
            if newest.size <= EventSegment.headerSize, try !hasHeader(newest, in: folder) {
                // Its making was interrupted. Its name still tells which numbers may have been given.
                try folder.remove(newest.name)
                continue
            }
            return try reopen(newest, in: folder, &index)
        }
        return nil
    }

    private static func inspect(
        _ first: UInt64,
        in folder: StoreFolder
    ) throws(ViewerStoreError) -> EventSegment? {
        let name = EventSegment.name(first: first)
        guard let file = try folder.openIfThere(name) else { return nil }
        guard let version = FileVersion.of(descriptor: file.raw) else {
            throw .last(folder.path(name), "fstat")
        }
        let created = EventSegment.created(file, first: first) ?? version.modified / 1_000_000
        return EventSegment(first: first, created: created, size: Int(clamping: version.size))
    }

    private static func hasHeader(
        _ segment: EventSegment,
        in folder: StoreFolder
    ) throws(ViewerStoreError) -> Bool {
        guard let file = try folder.openIfThere(segment.name) else { return false }
        return EventSegment.created(file, first: segment.first) != nil
    }

    /// Walks over the newest segment.
    private static func reopen(
        _ newest: EventSegment,
        in folder: StoreFolder,
        _ index: inout Index
    ) throws(ViewerStoreError) -> Descriptor? {
        let path = folder.path(newest.name)
        var segment = newest
        var reader = EventSegmentReader(
            try folder.open(newest.name, O_RDONLY),
            end: newest.size,
            from: newest.mark(for: newest.first)
        )
        var isLastDamaged = false
        walk: while true {
            let place = EventSegment.Mark(id: reader.id, offset: reader.offset)
            switch reader.look() {
            case .header(let header):
                let record = reader.take(header)
                isLastDamaged = record == nil
                index.last = header.unixMilliseconds
                segment.note(place)
            case .end, .unfinished:
                break walk
            case .damaged:
                // How many events were in the rest is not known, but how many there can have been is.
                let most = (newest.size - reader.offset) / (EventRecordHeader.size + 1) + 1
                index.next = max(index.next, reader.id + UInt64(most))
                index.segments.append(segment)
                return nil
            }
        }
        // Of an event that cannot be read nobody knows whether somebody was told that it is kept.
        let canContinue = !isLastDamaged && index.next <= reader.id
        index.next = max(index.next, reader.id)
        guard canContinue else {
            index.segments.append(segment)
            return nil
        }
        let file = try folder.open(newest.name, O_WRONLY)
        if reader.offset < newest.size {
            try file.truncate(to: reader.offset, path)
            segment.size = reader.offset
        }
        index.segments.append(segment)
        return file
    }
}
