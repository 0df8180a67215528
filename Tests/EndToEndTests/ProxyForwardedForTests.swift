import TestSupport
import Testing

/// What upstreams hear of where a request came from.
struct ProxyForwardedForTests {
    private static let invented = [
        "X-Forwarded-For: 127.0.0.1", "x-forwarded-for: ::1, 203.0.113.5", "Forwarded: for=127.0.0.1",
        "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: example.org", "X-Forwarded-Proto: https",
    ]

    private func received(
        _ generation: ScriptedUpstream.Generation,
        _ fields: [String],
        arguments: [String] = []
    ) throws -> ScriptedUpstream.Request {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let upstream = try ScriptedUpstream(generation, [.init("/files/*", [.send(ok)])])
        let fixture = try ProxyFixture(upstream, arguments: arguments)
        #expect(try fixture.ask("/up/files/a", fields).text == "ok")
        return try #require(upstream.requests("/files/a").first)
    }

    @Test("What a client invents stays behind", arguments: ScriptedUpstream.Generation.allCases)
    func client(generation: ScriptedUpstream.Generation) throws {
        for fields in [Self.invented, []] {
            let request = try received(generation, fields)
            #expect(request.values("x-forwarded-for") == ["127.0.0.1"])
            for name in ["forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto"] {
                #expect(request.values(name).isEmpty, "\(name)")
            }
        }
    }

    @Test("What a trusted proxy says goes on, with the proxy's own address behind it")
    func trustedProxy() throws {
        let request = try received(.third, Self.invented, arguments: ["--trusted-proxy", "127.0.0.1"])
        #expect(request.values("x-forwarded-for") == ["127.0.0.1, ::1, 203.0.113.5, 127.0.0.1"])
        #expect(request.values("x-forwarded-host") == ["example.org"])
        #expect(request.values("x-forwarded-proto") == ["https"])
        for name in ["forwarded", "x-real-ip"] { #expect(request.values(name).isEmpty, "\(name)") }
    }

    @Test("A gateway behind one that it trusts knows whom the first one was asked by")
    func twoGateways() throws {
        let inner = try ProxyFixture([:], arguments: ["--trusted-proxy", "127.0.0.1"])
        let flags = ["--trusted-proxy", "127.0.0.1"]
        let outer = try ProxyFixture(["in": "http://127.0.0.1:\(inner.gateway.port)"], arguments: flags)
        #expect(outer.wait(for: 200, "/in/_cellucid/health"))
        let target = "/in/_gateway/backends"
        #expect(try outer.ask(target).status == 200, "this machine")
        // The outer one trusts the proxy that asks it, which names a client from elsewhere.
        #expect(try outer.ask(target, ["X-Forwarded-For: 127.0.0.1, 203.0.113.5"]).status == 403)
    }
}
