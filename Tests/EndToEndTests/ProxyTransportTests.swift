import Glibc
import TestSupport
import Testing

/// Upstreams behind TLS and Unix sockets.
struct ProxyTransportTests {
    private static let ok = ScriptedUpstream.Rule(
        "/a",
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    )

    @Test("A Unix socket is as good as a port", arguments: ScriptedUpstream.Generation.allCases)
    func unixSocket(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [Self.ok], isUnixSocket: true)
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        for _ in 0..<5 { #expect(try client.exchange("GET", "/up/a").text == "ok") }
        #expect(try fixture.post("/up/echo", "body").text == "body")
        let request = try #require(upstream.requests("/a").first)
        #expect(request.values("host").count == 1)
        if generation != .third { #expect(upstream.mostOpen == 1) }
        upstream.stop()
        let response = try fixture.ask("/up/a")
        #expect([502, 503].contains(response.status))
        #expect(response.isSentence)
        try upstream.start()
        #expect(fixture.wait(for: 200, "/up/a"))
    }

    @Suite("TLS", .enabled(if: TLSCertificates.isAvailable))
    struct Encrypted {
        @Test(
            "An upstream with a certificate of a named authority is reached",
            arguments: ScriptedUpstream.Generation.allCases
        )
        func trusted(generation: ScriptedUpstream.Generation) throws {
            let certificate = try WebAppCertificates.chain(.trusted)
            let upstream = try ScriptedUpstream(generation, [ok], certificate: certificate)
            let authority = ["--upstream-ca", try WebAppCertificates.authority()]
            let fixture = try ProxyFixture(upstream, arguments: authority)
            let client = try fixture.connect()
            for _ in 0..<5 { #expect(try client.exchange("GET", "/up/a").text == "ok") }
            #expect(try fixture.post("/up/echo", "body").text == "body")
            #expect(upstream.requests("/a").allSatisfy { $0.values("host") == [upstream.authority] })
            if generation != .third { #expect(upstream.mostOpen == 1) }
        }

        @Test(
            "An upstream whose certificate is not right gets no request",
            arguments: [
                (WebAppCertificates.Kind.trusted, false), (.untrusted, true), (.otherName, true),
                (.untrusted, false),
            ]
        )
        func refused(kind: WebAppCertificates.Kind, knowsAuthority: Bool) throws {
            let upstream = try ScriptedUpstream(.third, [ok], certificate: try WebAppCertificates.chain(kind))
            let authority = try WebAppCertificates.authority()
            let fixture = try ProxyFixture(
                upstream,
                arguments: knowsAuthority ? ["--upstream-ca", authority] : [],
                waits: false
            )
            for _ in 0..<2 {
                let response = try fixture.ask("/up/a")
                #expect([502, 503].contains(response.status))
                #expect(response.isSentence)
                #expect(response.text.contains("certificate"))
            }
            #expect(upstream.requests.isEmpty)
            #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        }

        @Test("An answer without length that ends without TLS's closing alert is not whole")
        func truncated() throws {
            // Python ends the connection without the alert.
            let steps: [ScriptedUpstream.Step] = [.send("HTTP/1.0 200 OK\r\n\r\nonly a part"), .close]
            let upstream = try ScriptedUpstream(
                .third,
                [.init("/a", steps)],
                certificate: try WebAppCertificates.chain(.trusted)
            )
            let authority = ["--upstream-ca", try WebAppCertificates.authority()]
            let fixture = try ProxyFixture(upstream, arguments: authority)
            let client = try fixture.connect()
            try client.send("GET", "/up/a")
            #expect(throws: RawConnection.Failure.self) {
                // Or a sentence that says so.
                let response = try client.readResponse()
                if response.status == 502 { throw RawConnection.Failure.reset }
            }
        }
    }

    @Test(
        "What cannot be an upstream is refused at the start",
        arguments: [
            "up", "up=", "=http://127.0.0.1:1", "up=127.0.0.1:1", "up=ftp://127.0.0.1", "up=http://",
            "up=http://127.0.0.1:x",
            "up=http://127.0.0.1:1/path", "up=http://user:word@127.0.0.1:1", "up=unix:", "up=unix:relative",
            "a/b=http://127.0.0.1:1", "_cellucid=http://127.0.0.1:1", "_gateway=http://127.0.0.1:1",
            "assets=http://127.0.0.1:1", "..=http://127.0.0.1:1", "a b=http://127.0.0.1:1",
        ]
    )
    func unusable(text: String) throws {
        let result = try GatewayProcessUnderTest.run([Repository.demo, "--port", "0", "--upstream", text])
        #expect(result.ending == .exit(2))
        #expect(result.error.contains("--upstream"))
    }

    @Test("Two upstreams, or an upstream and a dataset, do not share a mount silently")
    func sameMount() throws {
        let result = try GatewayProcessUnderTest.run([
            Repository.demo, "--port", "0", "--upstream", "a=http://127.0.0.1:1", "--upstream",
            "a=http://127.0.0.1:2",
        ])
        #expect(result.ending == .exit(2))
    }
}
