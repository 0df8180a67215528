import TestSupport
import Testing

/// Where bodies for servers that take one request at a time wait.
struct ProxySpoolTests {
    /// More than is kept in memory.
    private static let body = String(repeating: "cells and genes ", count: 60_000)

    private func serve(_ environment: [String: String]) throws -> (ProxyFixture, ScriptedUpstream) {
        let head = "HTTP/1.0 200 OK\r\nContent-Length: \(Self.body.utf8.count)\r\n\r\n"
        let upstream = try ScriptedUpstream(.first, [.init("/large", [.send(head + Self.body)])])
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
        for environment in [[:], ["TMPDIR": folder.path], ["TMPDIR": "relative"]] {
            let (fixture, _) = try serve(environment)
            #expect(try fixture.ask("/up/large").text == Self.body)
            #expect(try fixture.post("/up/echo", Self.body).text == Self.body)
            let place = environment["TMPDIR"] == folder.path ? folder.path : "/tmp"
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
