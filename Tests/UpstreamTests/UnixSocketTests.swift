import HTTP
import Reactor
import TestSupport
import Testing

@testable import Upstream

/// Servers that listen on a Unix socket.
@Suite struct UnixSocketTests {
    private static let ok: [ScriptedOrigin.Action] = [
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ]
    private static let longest = UnixSocket.maximumPathBytes

    @Test(
        arguments: [
            ("/run/a.sock", true), ("/a b", true), ("/é", true), ("", false), ("/a\u{0}b", false),
            ("/" + String(repeating: "a", count: longest - 1), true),
            ("/" + String(repeating: "a", count: longest), false),
            ("/" + String(repeating: "é", count: longest / 2 + 1), false),
        ]
    )
    func paths(path: String, isValid: Bool) throws {
        #expect(UnixSocket.isValid(path: path) == isValid)
        if isValid {
            let origin = try Origin(socketPath: path)
            #expect(origin.description == "unix:\(path)")
            #expect(origin.socketPath == path)
            #expect(origin.authority == "localhost")
            #expect(origin.webOrigin == "http://localhost")
        } else {
            #expect(throws: UpstreamError.self) { try Origin(socketPath: path) }
        }
    }

    @Test(arguments: ["a.sock", "./a.sock", "~/a.sock"]) func relativePaths(path: String) {
        let error = #expect(throws: UpstreamError.self) { try Origin(socketPath: path) }
        #expect(error?.description.contains("absolute path of at most \(Self.longest) bytes") == true)
        #expect(error?.place == "unix:\(path)")
    }

    @Test func differentSocketsAreDifferentOrigins() throws {
        #expect(try Origin(socketPath: "/a") == Origin(socketPath: "/a"))
        #expect(try Origin(socketPath: "/a") != Origin(socketPath: "/b"))
        #expect(try Origin(socketPath: "/a") != Origin("http://localhost"))
    }

    @Test func exchanges() async throws {
        let folder = TemporaryDirectory()
        let origin = try ScriptedOrigin([Self.ok + Self.ok], socketPath: folder("s"))
        try await UpstreamHarness().withPool("unix:" + folder("s")) { pool in
            for _ in 0..<2 {
                #expect(await ExchangeOutcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            }
            #expect(pool.connectionCount == 1)
        }
        #expect(origin.connections == [0, 0])
    }

    /// The proxies of the environment are for other machines.
    @Test func noProxy() async throws {
        let folder = TemporaryDirectory()
        let origin = try ScriptedOrigin([Self.ok], socketPath: folder("s"))
        let proxies = try ProxySettings(environment: ["http_proxy": "http://127.0.0.1:9"])
        let options = UpstreamHarness.Options.with { $0.proxies = proxies }
        try await UpstreamHarness().withPool("unix:" + folder("s"), options) { pool in
            #expect(await ExchangeOutcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.requests.first?.hasPrefix("GET / HTTP/1.1\r\n") == true)
    }

    @Test(arguments: [true, false]) func nobodyListens(isThere: Bool) async throws {
        let folder = TemporaryDirectory()
        if isThere { folder.write("s", "a file") }
        try await UpstreamHarness().withPool("unix:" + folder("s")) { pool in
            let outcome = await ExchangeOutcome.of(UpstreamExchange(pool: pool), .get)
            let reason = isThere ? "Connection refused" : "No such file or directory"
            guard case .failure(.notConnected(let text)) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(text.contains(reason))
            #expect(pool.connectionCount == 0)
        }
    }
}
