import TestSupport
import Testing

/// Where bodies for servers that take one request at a time wait.
struct ProxySpoolTests {
    /// More than is kept in memory.
    private static let body = String(repeating: words, count: count)
    private static let words = "cells and genes "
    private static let count = 60_000

    private func serve(_ environment: [String: String]) throws -> (ProxyFixture, ScriptedUpstream) {
        let head = "HTTP/1.0 200 OK\r\nContent-Length: \(Self.body.utf8.count)\r\n\r\n"
        let answer: [ScriptedUpstream.Step] = [.send(head), .sendTimes(Self.count, Self.words)]
        let upstream = try ScriptedUpstream(.first, [.init("/large", answer)])
        let fixture = try ProxyFixture(
            ["up": upstream.url],
            arguments: ["--cache-dir", "/proc/none"],
            environment: environment
        )
        try fixture.waitUntilKnown(upstream)
        return (fixture, upstream)
    }

    @Test("Without a usable cache directory they wait in the system's temporary folder")
    func temporaryFolder() throws {
        let folder = TemporaryDirectory()
        for (variable, place) in [(folder.path, folder.path), ("relative", "/tmp")] {
            let (fixture, upstream) = try serve(["TMPDIR": variable])
            let answer = try fixture.ask("/up/large")
            #expect(answer.status == 200)
            #expect(answer.body == Array(Self.body.utf8))
            #expect(try fixture.post("/up/echo", Self.body).status == 200)
            #expect(upstream.requests("/echo").first?.body?.length == Self.body.utf8.count)
            #expect(fixture.gateway.errorText.contains("wait in \(place); see --cache-dir"))
        }
        #expect(Repository.files(in: folder.path).isEmpty, "the files have no names")
    }

    @Test("Where nothing can be written, large ones are refused, and only the log says where")
    func nowhere() throws {
        let (fixture, upstream) = try serve(["TMPDIR": "/proc/nothing"])
        for answer in [try fixture.ask("/up/large"), try fixture.post("/up/echo", Self.body)] {
            #expect(answer.status == 503)
            #expect(answer.isSentence)
            #expect(!answer.text.contains("/proc"))
        }
        #expect(upstream.requests("/echo").isEmpty)
        #expect(fixture.gateway.waitForErrorText("/proc/none/spool: "))
        #expect(fixture.gateway.waitForErrorText("/proc/nothing: "))
        #expect(try fixture.post("/up/echo", "small").text == "small")
    }
}
