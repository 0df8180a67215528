public import Bytes

/// Events of a log as subscribers get them: as server-sent events (HTML Living Standard, 9.2) or, for clients
/// that ask again and again, as JSON.
public enum EventText {
    /// What a subscriber's `Last-Event-ID` or cursor says.
    public enum Cursor: Sendable, Equatable {
        /// It has nothing yet.
        case none
        /// It has everything up to this number.
        case after(UInt64)
        /// It is not one that the gateway gave.
        case invalid
    }

    /// What keeps an idle connection open: a comment, which clients pass over.
    public static let heartbeat: StaticString = ":\n\n"

    // MARK: Server-sent events

    /// Appends what tells the client how long to wait before it connects again.
    public static func append(retryMilliseconds: Int, to buffer: ByteBuffer) {
        buffer.append("retry: ")
        buffer.append(decimal: UInt64(max(0, retryMilliseconds)))
        buffer.append("\n\n")
    }

    /// Appends all of a batch: the marker of a gap if there is one, then the events.
    public static func append(_ batch: EventBatch, to buffer: ByteBuffer) {
        if let first = batch.resync { append(resync: first, to: buffer) }
        for record in batch.records { append(record, to: buffer) }
    }

    /// Appends an event named `viewer` with a record's number and its JSON.
    public static func append(_ record: EventRecord, to buffer: ByteBuffer) {
        buffer.reserve(record.json.count + 64)
        buffer.append("id: ")
        buffer.append(decimal: record.id)
        buffer.append("\nevent: viewer\n")
        appendData(record.json.span, to: buffer)
        buffer.append("\n")
    }

    /// Appends an event named `resync`, which says that events are missing before the record `first`.
    ///
    /// Its own number is that of the last missing one, so that a client that connects again goes on behind the gap.
    public static func append(resync first: UInt64, to buffer: ByteBuffer) {
        buffer.append("id: ")
        buffer.append(decimal: first - 1)
        buffer.append("\nevent: resync\ndata: {\"first\":")
        buffer.append(decimal: first)
        buffer.append("}\n\n")
    }

    /// Appends text as `data` lines: one for each line of it, since the client puts line feeds between them.
    private static func appendData(_ text: Span<UInt8>, to buffer: ByteBuffer) {
        var start = 0
        while true {
            var end = start
            while end < text.count, text[end] != 0x0a, text[end] != 0x0d { end += 1 }
            buffer.append("data: ")
            buffer.append(text.extracting(start..<end))
            buffer.append("\n")
            if end == text.count { return }
            let isPair = text[end] == 0x0d && end + 1 < text.count && text[end + 1] == 0x0a
            start = end + (isPair ? 2 : 1)
        }
    }

    // MARK: Cursors

    /// Reads a `Last-Event-ID` field or a `cursor` parameter.
    public static func cursor(_ text: Span<UInt8>) -> Cursor {
        if text.isEmpty { return .none }
        var value: UInt64 = 0
        for index in 0..<text.count {
            guard ASCII.isDigit(text[index]) else { return .invalid }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeToo) = tens.addingReportingOverflow(UInt64(text[index] - 0x30))
            if isTooLarge || isTooLargeToo { return .invalid }
            value = sum
        }
        return .after(value)
    }

    // MARK: JSON

    /// Appends a batch as a JSON object.
    ///
    /// `cursor` is what to ask with the next time, `resync` is there when events before that number are missing,
    /// and `events` has an object with `id`, `time` (Unix time in milliseconds) and `event` for each record.
    public static func append(json batch: EventBatch, to buffer: ByteBuffer) {
        buffer.append("{\"cursor\":")
        buffer.append(decimal: batch.cursor)
        if let first = batch.resync {
            buffer.append(",\"resync\":")
            buffer.append(decimal: first)
        }
        buffer.append(",\"events\":[")
        for (number, record) in batch.records.enumerated() {
            if number > 0 { buffer.append(",") }
            buffer.append("{\"id\":")
            buffer.append(decimal: record.id)
            buffer.append(",\"time\":")
            buffer.append(decimal: UInt64(max(0, record.unixMilliseconds)))
            buffer.append(",\"event\":")
            buffer.append(record.json)
            buffer.append("}")
        }
        buffer.append("]}")
    }
}
