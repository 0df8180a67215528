/// One event of a viewer as the log keeps it.
public struct EventRecord: Sendable, Equatable {
    /// Its number in the log, from 1 on; later events have larger ones, and none is ever given twice.
    public let id: UInt64
    /// When it was appended, Unix time in milliseconds.
    public let unixMilliseconds: Int64
    /// The event, UTF-8; JSON if the caller of ``EventLog/append(_:unixMilliseconds:)`` gave such.
    public let json: [UInt8]

    /// Describes an event.
    public init(id: UInt64, unixMilliseconds: Int64, json: [UInt8]) {
        self.id = id
        self.unixMilliseconds = unixMilliseconds
        self.json = json
    }
}

/// What a log has after a place in it.
public struct EventBatch: Sendable, Equatable {
    /// When events between the cursor and the first one here are no longer there: the number of that first one,
    /// or the one that the next event will have.
    public let resync: UInt64?
    /// Events, oldest first, with no gap between them.
    public let records: [EventRecord]
    /// The cursor to go on with.
    public let cursor: UInt64
}
