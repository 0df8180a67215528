import Testing

@testable import Upstream

/// Every phase has its limit, and waiting can be cancelled.
@Suite struct FetchTimeTests {
    @Test(
        arguments: [
            ([.request, .waitForEnd], .timedOut(.head)),
            (
                [
                    .request,
                    .drip(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 9), milliseconds: 20),
                ], .timedOut(.head)
            ),
            (
                [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), .waitForEnd],
                .timedOut(.body)
            ),
            ([.request, .send("HTTP/1.1 200 OK\r\n\r\n"), .waitForEnd], .timedOut(.body)),
        ] as [([ScriptedOrigin.Action], UpstreamError.Cause)]
    )
    func phases(script: [ScriptedOrigin.Action], cause: UpstreamError.Cause) async throws {
        let origin = try ScriptedOrigin([script])
        let options = UpstreamHarness.Options.with {
            if cause == .timedOut(.head) { $0.timeouts.headMilliseconds = 300 }
            if cause == .timedOut(.body) { $0.timeouts.stallMilliseconds = 300 }
        }
        #expect(try await UpstreamHarness().failure(origin.url(), "/", options)?.cause == cause)
    }

    /// A server that always sends something soon enough is still held to the time of the whole.
    @Test(
        arguments: [
            [.request, .waitForEnd],
            [
                .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
                .drip(String(repeating: "x", count: 999), milliseconds: 50),
            ],
        ] as [[ScriptedOrigin.Action]]
    )
    func whole(script: [ScriptedOrigin.Action]) async throws {
        let origin = try ScriptedOrigin([script])
        let options = UpstreamHarness.Options.with {
            $0.settings.totalMilliseconds = 300
            $0.settings.retry.attempts = 5
        }
        #expect(try await UpstreamHarness().failure(origin.url(), "/", options)?.cause == .timedOut(.total))
    }

    @Test func cancelling() async throws {
        let origin = try ScriptedOrigin([[.request, .waitForEnd]])
        let harness = try UpstreamHarness()
        let task = Task { try await harness.failure(origin.url(), "/") }
        let loop = harness.loop
        await Task(executorPreference: loop) {
            while origin.requests.isEmpty { await loop.sleep(milliseconds: 1) }
            task.cancel()
        }.value
        #expect(try await task.value?.cause == .cancelled)
    }
}
