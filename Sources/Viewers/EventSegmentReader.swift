import Reactor

/// Walks over the records of one segment, in a window of its bytes.
struct EventSegmentReader: ~Copyable {
    /// What is at the place reached.
    enum Step {
        /// A record with a proper header.
        case header(EventRecordHeader)
        /// The end, right behind a record.
        case end
        /// The begin of a record whose writing was never finished, so that nobody was told it is kept.
        case unfinished
        /// Something unreadable; what was behind it cannot be found.
        case damaged
    }

    private static let windowSize = 64 * 1024

    private let file: Descriptor
    private let end: Int
    /// The place reached.
    private(set) var offset: Int
    /// The number that the record there must have.
    private(set) var id: UInt64
    private var window: [UInt8] = []
    private var windowOffset = 0

    /// Begins at a mark.
    init(_ file: consuming Descriptor, end: Int, from mark: EventSegment.Mark) {
        self.file = file
        self.end = end
        offset = mark.offset
        id = mark.id
    }

    /// Looks at the place reached, without going on.
    mutating func look() -> Step {
        guard offset < end else { return .end }
        guard end - offset >= EventRecordHeader.size else { return .unfinished }
        guard let place = load(EventRecordHeader.size),
            let header = EventRecordHeader(window.span.extracting(place)), header.id == id
        else { return .damaged }
        return end - offset - EventRecordHeader.size >= header.count ? .header(header) : .unfinished
    }

    /// Takes the event that `header` announced, and goes on behind it.
    /// - Returns: `nil` when it is damaged.
    mutating func take(_ header: EventRecordHeader) -> EventRecord? {
        defer { skip(header) }
        guard let place = load(EventRecordHeader.size + header.count) else { return nil }
        let content = place.dropFirst(EventRecordHeader.size)
        guard CRC32C.checksum(window.span.extracting(content)) == header.checksum else { return nil }
        return EventRecord(
            id: header.id,
            unixMilliseconds: header.unixMilliseconds,
            json: Array(window[content])
        )
    }

    /// Goes on behind the event that `header` announced.
    mutating func skip(_ header: EventRecordHeader) {
        offset += EventRecordHeader.size + header.count
        id += 1
    }

    /// Has the next `count` bytes in the window.
    /// - Returns: where they are in it, or `nil` when the disk cannot read them.
    private mutating func load(_ count: Int) -> Range<Int>? {
        let place = offset - windowOffset
        if place >= 0 && place + count <= window.count { return place..<place + count }
        guard let bytes = file.read(min(max(count, Self.windowSize), end - offset), at: offset) else {
            return nil
        }
        window = bytes
        windowOffset = offset
        return 0..<count
    }
}
