import HTTP
import Testing

@testable import Server

@Suite struct ExpectationTests {
    private enum Outcome: Equatable {
        case waits
        case doesNotWait
        case refused(Status)
    }

    private func outcome(_ lines: [String]) -> Outcome? {
        let head = RequestHead()
        var parser = RequestParser()
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard (try? parser.parse(bytes.span, into: head)) == bytes.count else { return nil }
        do throws(HTTPError) {
            return try Expectation.awaitsContinue(head) ? .waits : .doesNotWait
        } catch {
            return .refused(error.status)
        }
    }

    /// What the Expect field says, and what comes of it over HTTP/1.1 and HTTP/1.0.
    @Test(
        arguments: [
            (nil, .doesNotWait, .doesNotWait), ("100-continue", .waits, .doesNotWait),
            ("100-Continue", .waits, .doesNotWait), ("100-CONTINUE", .waits, .doesNotWait),
            ("nonsense", .refused(.expectationFailed), .refused(.expectationFailed)),
            ("100-continue, nonsense", .refused(.expectationFailed), .refused(.expectationFailed)),
            ("100-continued", .refused(.expectationFailed), .refused(.expectationFailed)),
            ("", .refused(.expectationFailed), .refused(.expectationFailed)),
        ] as [(String?, Outcome, Outcome)]
    )
    private func values(value: String?, new: Outcome, old: Outcome) {
        let fields = ["Host: a"] + (value.map { ["Expect: \($0)"] } ?? [])
        #expect(outcome(["POST / HTTP/1.1"] + fields) == new)
        #expect(outcome(["POST / HTTP/1.0"] + fields) == old)
    }

    @Test func overHTTP2() throws {
        let head = RequestHead()
        for (name, value) in [
            (":method", "POST"), (":path", "/"), (":authority", "a"), ("expect", "100-continue"),
        ] {
            head.add(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        try head.finishHTTP2()
        #expect(try Expectation.awaitsContinue(head))
    }
}
