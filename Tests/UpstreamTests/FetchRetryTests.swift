import Bytes
import HTTP
import Testing

@testable import Upstream

/// What is tried again, and what is not.
@Suite struct FetchRetryTests {
    private static let ok: [ScriptedOrigin.Action] = [
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ]
    private static let retrying = UpstreamHarness.Options.with {
        $0.settings.retry.attempts = 3
    }

    private static func status(_ code: Int, _ field: String = "") -> [ScriptedOrigin.Action] {
        [.request, .send("HTTP/1.1 \(code) No\r\n\(field)Content-Length: 2\r\n\r\nno")]
    }

    @Test(
        arguments: [
            [.request, .close], [.request, .reset], [.close], [.reset],
            [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), .close],
            status(500) + [.close], status(503, "Retry-After: 0\r\n") + [.close], status(429) + [.close],
        ] as [[ScriptedOrigin.Action]]
    )
    func succeedsLater(script: [ScriptedOrigin.Action]) async throws {
        let origin = try ScriptedOrigin([script, script, Self.ok])
        let response = try await UpstreamHarness().get(origin.url(), "/", Self.retrying)
        #expect(response.text == "hi", "nothing is left of the attempts that failed")
        #expect(origin.connections.last == 2)
    }

    /// Any attempt may come too late, also one that is answered, so there are many.
    @Test func succeedsLaterThanTheLimit() async throws {
        let silence: [ScriptedOrigin.Action] = [.request, .waitForEnd]
        let origin = try ScriptedOrigin([silence, silence, Self.ok])
        let options = UpstreamHarness.Options.with {
            $0.settings.retry.attempts = 100
            $0.settings.retry.longestDelayMilliseconds = 10
            $0.timeouts.headMilliseconds = 1000
        }
        #expect(try await UpstreamHarness().get(origin.url(), "/", options).text == "hi")
        #expect(origin.connections.last ?? 0 >= 2)
    }

    @Test func givesUp() async throws {
        let origin = try ScriptedOrigin([[.request, .close]])
        let error = try await UpstreamHarness().failure(origin.url(), "/", Self.retrying)
        #expect(error?.cause == .connectionLost)
        #expect(origin.requests.count == 3)
    }

    @Test func lastStatusIsTheAnswer() async throws {
        let origin = try ScriptedOrigin([Self.status(503) + Self.status(503) + Self.status(503)])
        let response = try await UpstreamHarness().get(origin.url(), "/", Self.retrying)
        #expect(response.status == 503)
        #expect(response.body.isEmpty)
        #expect(origin.requests.count == 3)
    }

    @Test(arguments: [400, 401, 403, 404, 410, 501, 505])
    func otherStatusesAreFinal(status: Int) async throws {
        let origin = try ScriptedOrigin([Self.status(status)])
        #expect(try await UpstreamHarness().get(origin.url(), "/", Self.retrying).status == status)
        #expect(origin.requests.count == 1)
    }

    @Test func longRetryAfterEndsTheAttempts() async throws {
        let origin = try ScriptedOrigin([Self.status(503, "Retry-After: 3600\r\n")])
        #expect(try await UpstreamHarness().get(origin.url(), "/", Self.retrying).status == 503)
        #expect(origin.requests.count == 1)
    }

    // MARK: The policy

    @Test(arguments: [(1, 150, 300), (2, 300, 600), (3, 500, 1000), (60, 500, 1000)])
    func delays(made: Int, least: Int64, most: Int64) {
        var policy = RetryPolicy()
        policy.attempts = 100
        policy.longestDelayMilliseconds = 1000
        #expect(policy.delay(after: made, retryAfter: nil, chance: 0) == least)
        #expect(policy.delay(after: made, retryAfter: nil, chance: 1) == most)
        #expect(policy.delay(after: made, retryAfter: 9000, chance: 0) == 9000)
        #expect(policy.delay(after: made, retryAfter: 15_001, chance: 0) == nil)
        #expect(policy.delay(after: 100, retryAfter: nil, chance: 0) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("12", 12_000), ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0), ("-1", nil), ("soon", nil), ("", nil),
            ("99999999999999999", .max),
        ] as [(String, Int64?)]
    )
    func retryAfter(value: String, milliseconds: Int64?) {
        #expect(RetryPolicy.retryAfter(Array(value.utf8).span, now: 784_111_777) == milliseconds)
    }
}
