import Bytes
import HTTP
import TestSupport
import Testing
import Viewers

@testable import CellucidGateway

/// What events are answered (contract 1.7 and 7.2).
@Suite struct EventAnswersTests {
    @Test(
        arguments: [
            (200, #"{"status": "ok", "delivered": true}"#, .owner),
            (200, #"{"status":"ok","delivered":true}"#, .owner),
            (200, #"{"status": "not_found", "delivered": false}"#, .stranger),
            (200, #"{"status":"not_found","delivered":false}"#, .stranger),
            (200, #"{"status": "error", "message": "Invalid JSON: x"}"#, .undecided),
            (200, #"{"status": "error", "message": "Missing viewerId"}"#, .undecided), (200, "", .undecided),
            (200, "<html>", .undecided), (204, "", .undecided), (400, "Missing viewerId", .undecided),
            // A wrong token, and a callback that failed.
            (403, "Invalid viewer token", .owner), (500, "Internal server error", .owner),
            (404, "Viewer is not registered", .stranger), (404, "", .stranger),
            (413, "Request too large", .undecided),
            (421, "", .undecided), (429, "", .undecided), (502, "", .undecided), (503, "", .undecided),
            (301, "", .undecided),
        ] as [(Int, String, EventAnswers.Ownership)]
    )
    func ownership(status: Int, body: String, expected: EventAnswers.Ownership) throws {
        #expect(EventAnswers.ownership(try BackendFixture.answer(status, [], body)) == expected)
    }

    /// What an answer has besides its status, type and text.
    private func expect(
        _ fixture: ExchangeFixture,
        _ status: UInt16,
        _ type: String?,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(fixture.status == status, sourceLocation: sourceLocation)
        #expect(fixture.values("Content-Type") == (type.map { [$0] } ?? []), sourceLocation: sourceLocation)
        #expect(fixture.text == text, sourceLocation: sourceLocation)
        #expect(fixture.values("Cache-Control") == ["no-store"], sourceLocation: sourceLocation)
        #expect(fixture.values("Vary") == ["Origin"], sourceLocation: sourceLocation)
    }

    private let unknown = #"{"status":"not_found","delivered":false}"#

    // MARK: Answers of backends

    @Test(
        arguments: [
            (
                200, ["Content-Type: application/json", "X-Other: 1", "Content-Length: 2"], "{}",
                "application/json"
            ),
            (
                404, ["content-type: text/plain; charset=utf-8"], "Viewer is not registered",
                "text/plain; charset=utf-8"
            ),
            (599, [], "odd", nil), (403, ["Access-Control-Allow-Origin: *"], "", nil),
        ] as [(Int, [String], String, String?)]
    )
    func passedOn(status: Int, fields: [String], body: String, type: String?) throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events")
        EventAnswers.answer(try BackendFixture.answer(status, fields, body), fixture.exchange)
        expect(fixture, UInt16(status), type, body)
        #expect(fixture.values("X-Other") == [])
        #expect(fixture.values("Access-Control-Allow-Origin") == [])
    }

    @Test func thePageMayReadIt() throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events", ["Origin: http://localhost:8000"])
        EventAnswers.answer(
            try BackendFixture.answer(200, ["Access-Control-Allow-Origin: *"], "{}"),
            fixture.exchange
        )
        #expect(fixture.values("Access-Control-Allow-Origin") == ["http://localhost:8000"])
    }

    // MARK: Subscribers

    @Test(
        arguments: [
            (.kept(7), 200, "application/json", #"{"status":"ok","delivered":true}"#),
            (.closed, 200, "application/json", #"{"status":"not_found","delivered":false}"#),
            (.busy, 503, "text/plain", "Too many events wait to be kept"),
        ] as [(Subscriber.Appended, UInt16, String, String)]
    )
    func subscribers(outcome: Subscriber.Appended, status: UInt16, type: String, text: String) throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events")
        EventAnswers.answer(outcome, fixture.exchange)
        expect(fixture, status, type, text)
        #expect(fixture.values("Retry-After") == (outcome == .busy ? ["1"] : []))
    }

    // MARK: Events that are none, or nobody's

    @Test(
        arguments: [
            ("{", #"{"status":"error","message":"Invalid JSON: "#),
            ("", #"{"status":"error","message":"Invalid JSON: Expecting value: line 1 column 1 (char 0)"}"#),
            (
                #"{"a": }"#,
                #"{"status":"error","message":"Invalid JSON: Expecting value: line 1 column 7 (char 6)"}"#
            ),
        ]
    )
    func noJSON(text: String, start: String) throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events")
        let error = try #require(throws: EventSyntaxError.self) { try EventEnvelope(Array(text.utf8).span) }
        EventAnswers.answer(error, fixture.exchange)
        let body = try #require(fixture.text)
        expect(fixture, 200, "application/json", body)
        #expect(body.hasPrefix(start), "\(body)")
    }

    @Test(arguments: [
        Named("no UTF-8", [0x22, 0xff, 0x22]), Named("too deep", [UInt8](repeating: 0x5b, count: 100_000)),
    ])
    func noTextOfPython(sample: Named<[UInt8]>) throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events")
        let error = try #require(throws: EventSyntaxError.self) { try EventEnvelope(sample.value.span) }
        EventAnswers.answer(error, fixture.exchange)
        expect(fixture, 500, "text/plain", "Internal server error")
    }

    @Test(
        arguments: [
            ("{}", 200, #"{"status":"error","message":"Missing viewerId"}"#),
            (#"{"viewerId":""}"#, 200, #"{"status":"error","message":"Missing viewerId"}"#),
            (#"{"viewerId":null}"#, 200, #"{"status":"error","message":"Missing viewerId"}"#),
            (#"{"viewerId":0}"#, 200, #"{"status":"error","message":"Missing viewerId"}"#),
            // The name of nobody.
            (#"{"viewerId":7}"#, 200, #"{"status":"not_found","delivered":false}"#),
            (#"{"viewerId":true}"#, 200, #"{"status":"not_found","delivered":false}"#),
            (#"{"viewerId":[1]}"#, 500, "Internal server error"),
            (#"{"viewerId":{"a":1}}"#, 500, "Internal server error"),
            ("[]", 500, "Internal server error"), ("7", 500, "Internal server error"),
            ("null", 500, "Internal server error"),
            // Later pages send a token.
            (#"{"viewerToken":"t"}"#, 400, "Missing viewerId"),
            (#"{"viewerToken":""}"#, 400, "Missing viewerId"),
            (#"{"viewerId":7,"viewerToken":"t"}"#, 400, "Missing viewerId"),
        ]
    )
    func withoutViewer(text: String, status: UInt16, body: String) throws {
        let fixture = try ExchangeFixture("POST /_cellucid/events")
        EventAnswers.answerWithoutViewer(try EventEnvelope(Array(text.utf8).span), fixture.exchange)
        expect(fixture, status, body.hasPrefix("{") ? "application/json" : "text/plain", body)
    }

    @Test func unknownViewers() throws {
        let first = try ExchangeFixture("POST /_cellucid/events")
        EventAnswers.answerUnknownViewer(
            try EventEnvelope(Array(#"{"viewerId":"v"}"#.utf8).span),
            first.exchange
        )
        expect(first, 200, "application/json", unknown)
        let later = try ExchangeFixture("POST /_cellucid/events")
        let event = Array(#"{"viewerId":"v","viewerToken":"t"}"#.utf8)
        EventAnswers.answerUnknownViewer(try EventEnvelope(event.span), later.exchange)
        expect(later, 404, "text/plain", "Viewer is not registered")
        #expect(later.values("X-Content-Type-Options") == ["nosniff"])
    }

    @Test func missing() {
        let text = String(decoding: EventAnswers.missing("viewerId/requestId"), as: UTF8.self)
        #expect(text == #"{"status":"error","message":"Missing viewerId/requestId"}"#)
    }
}
