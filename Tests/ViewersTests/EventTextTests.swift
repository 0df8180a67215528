import Bytes
import TestSupport
import Testing

@testable import Viewers

/// Events as subscribers get them.
@Suite struct EventTextTests {
    private func text(_ append: (ByteBuffer) -> Void) -> String {
        let buffer = ByteBuffer(capacity: 16)
        append(buffer)
        return buffer.unread.text()
    }

    private func record(_ id: UInt64, _ json: String) -> EventRecord {
        EventRecord(id: id, unixMilliseconds: 1_700_000_000_123, json: Array(json.utf8))
    }

    /// Line ends of all kinds, which JSON can have between its parts, become lines of their own.
    @Test(arguments: [
        ("{}", ["{}"]), ("{\n}", ["{", "}"]), ("{\r\n\r}\n", ["{", "", "}", ""]), ("\r", ["", ""]),
        ("\n\n", ["", "", ""]), ("\"ü: data\"", ["\"ü: data\""]),
    ])
    func events(json: String, lines: [String]) {
        let data = lines.map { "data: \($0)\n" }.joined()
        #expect(text { EventText.append(record(7, json), to: $0) } == "id: 7\nevent: viewer\n\(data)\n")
    }

    @Test func batches() {
        let batch = EventBatch(resync: 5, records: [record(5, "{\"a\":1}"), record(6, "2")], cursor: 6)
        #expect(
            text { EventText.append(batch, to: $0) } == """
                id: 4
                event: resync
                data: {"first":5}

                id: 5
                event: viewer
                data: {"a":1}

                id: 6
                event: viewer
                data: 2


                """
        )
        #expect(
            text { EventText.append(json: batch, to: $0) }
                == #"{"cursor":6,"resync":5,"events":[{"id":5,"time":1700000000123,"event":{"a":1}},"#
                + #"{"id":6,"time":1700000000123,"event":2}]}"#
        )
        let empty = EventBatch(resync: nil, records: [], cursor: .max)
        #expect(text { EventText.append(empty, to: $0) } == "")
        #expect(
            text { EventText.append(json: empty, to: $0) }
                == #"{"cursor":18446744073709551615,"events":[]}"#
        )
    }

    @Test func theBeginAndTheMeantime() {
        #expect(text { EventText.append(retryMilliseconds: 1000, to: $0) } == "retry: 1000\n\n")
        #expect(text { $0.append(EventText.heartbeat) } == ":\n\n")
    }

    @Test(
        arguments: [
            ("", .none), ("0", .after(0)), ("17", .after(17)), ("007", .after(7)),
            ("18446744073709551615", .after(.max)), ("18446744073709551616", .invalid), ("-1", .invalid),
            ("1 ", .invalid), ("x", .invalid), ("99999999999999999999999", .invalid),
        ] as [(String, EventText.Cursor)]
    )
    func cursors(text: String, cursor: EventText.Cursor) {
        #expect(EventText.cursor(Array(text.utf8).span) == cursor)
    }
}
