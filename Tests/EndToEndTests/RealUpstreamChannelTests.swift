import TestSupport
import Testing

/// The WebSocket of the real Cellucid 0.9.5, through the gateway.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamChannelTests {
    /// A server with these viewers, behind a gateway.
    private func serve(
        _ viewers: [String],
        _ arguments: [String] = []
    ) throws -> (backends: RealBackends, server: CellucidServer) {
        let server = try CellucidServer(.v095, viewers: viewers, arguments)
        return (try RealBackends([server]), server)
    }

    @Test("Events of every kind reach the viewer's callback and no other")
    func events() throws {
        let (backends, server) = try serve(["a", "b"])
        let first = try backends.openChannel("a", at: server)
        let second = try backends.openChannel("b", at: server)
        let hover: [String: JSON] = ["type": .string("hover"), "cell": .number(7), "position": .null]
        try first.send(.object(hover))
        #expect(server.deliveries(1) == [.init(viewer: "a", event: .object(hover))])
        let header: [String: JSON] = ["type": .string("selection"), "source": .string("lasso")]
        try second.send(.object(header), [1, 0, 0, 0, 0x2c, 1, 0, 0])
        let cells = header.merging(["cells": .array([.number(1), .number(300)])]) { $1 }
        #expect(server.deliveries(2).last == .init(viewer: "b", event: .object(cells)))
    }

    @Test("What Python sends reaches the page of its viewer")
    func commands() throws {
        let (backends, server) = try serve(["a", "b"])
        let first = try backends.openChannel("a", at: server)
        try server.send("{\"type\":\"resetCamera\"}", to: "a")
        #expect(try first.next() == .text("{\"type\":\"resetCamera\"}"))
    }

    @Test("A session bundle arrives byte for byte")
    func session() throws {
        let (backends, server) = try serve(["a"])
        let channel = try backends.openChannel("a", at: server)
        try server.expect("r1", of: "a")
        let bundle = server.version.bundle
        try channel.send(.object(["type": .string("session_bundle"), "requestId": .string("r1")]), bundle)
        let delivery = try #require(server.deliveries(1).first)
        #expect(delivery.event["status"]?.text == "ok")
        #expect(delivery.event["bytes"] == .number(Double(bundle.count)))
        #expect(readFile(server.bundles("r1")) == bundle)
        // The channel is still there.
        try channel.send(
            .object(["type": .string("ready"), "n_cells": .number(1), "dimensions": .number(2)])
        )
        #expect(server.deliveries(2).count == 2)
    }

    @Test("Twenty thousand selected cells arrive in order")
    func largeSelection() throws {
        let (backends, server) = try serve(["a"])
        let channel = try backends.openChannel("a", at: server)
        let cells = (0..<20_000).map { UInt32($0 * 3) }
        let bytes = cells.flatMap { cell in (0..<4).map { UInt8(truncatingIfNeeded: cell >> ($0 * 8)) } }
        try channel.send(.object(["type": .string("selection"), "source": .string("knn")]), bytes)
        let event = try #require(server.deliveries(1).first?.event)
        #expect(event["cells"]?.elements == cells.map { .number(Double($0)) })
    }

    @Test("The server's pings come through while nobody says anything, and the page's pongs go back")
    func idle() throws {
        let (backends, server) = try serve(["a"], ["--ping-seconds", "0.2"])
        let channel = try backends.openChannel("a", at: server)
        for _ in 0..<3 {
            guard case .ping(let payload) = try channel.next() else {
                throw RawConnection.Failure.malformed("no ping")
            }
            try channel.pong(payload)
        }
        try channel.send(.object(["type": .string("pong"), "requestId": .string("r"), "t": .number(1)]))
        #expect(server.deliveries(1).count == 1)
    }

    @Test("A tunnel is no request that has to end: it outlives the gateway's time for idle connections")
    func outlivesIdleTime() throws {
        let server = try CellucidServer(.v095, viewers: ["a"], ["--ping-seconds", "0.5"])
        let backends = try RealBackends([server], ["--idle-seconds", "1", "--stall-seconds", "1"])
        let channel = try backends.openChannel("a", at: server)
        for _ in 0..<5 {
            guard case .ping = try channel.next() else { throw RawConnection.Failure.malformed("no ping") }
        }
        try channel.send(.object(["type": .string("pong"), "requestId": .string("r"), "t": .number(1)]))
        #expect(server.deliveries(1).count == 1)
    }

    @Test("Unknown viewers and wrong tokens are closed with the server's code")
    func credentials() throws {
        let (backends, server) = try serve(["a"])
        for (viewer, token) in [("a", "wrong"), ("nobody", "wrong")] {
            let channel = try ViewerChannel(backends.gateway, mount: server.mount)
            try channel.hello(viewer, token: token)
            #expect(try channel.next() == .close(4401))
            try channel.close(4401)
            #expect(try channel.ends())
        }
        #expect(server.deliveries.isEmpty)
    }

    @Test("A newer page of a viewer takes the place of the older one, as after a reload")
    func replaced() throws {
        let (backends, server) = try serve(["a"])
        let older = try backends.openChannel("a", at: server)
        let newer = try backends.openChannel("a", at: server)
        #expect(try older.next() == .close(4409))
        older.reset()
        _ = try backends.openChannel("a", at: server)
        #expect(try newer.next() == .close(4409))
    }

    @Test("Pages of other sites get no channel, although the server sees its own origin")
    func otherSite() throws {
        let (backends, server) = try serve(["a"])
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
            let error = #expect(throws: ViewerChannel.Refusal.self) {
                try ViewerChannel(backends.gateway, mount: server.mount, origin: origin)
            }
            #expect(error?.response.status == 403, "\(origin)")
        }
        #expect(try backends.ask("/\(server.mount)/_cellucid/ws").status == 426)
    }

    @Test("A viewer that Python stops is told, and so is one whose server goes")
    func stopped() throws {
        let (backends, server) = try serve(["a", "b"])
        let first = try backends.openChannel("a", at: server)
        let second = try backends.openChannel("b", at: server)
        try server.remove("a")
        #expect(try first.next() == .close(1001))
        server.kill()
        #expect(try second.ends())
    }

    @Test("When the gateway stops, the tunnel ends in order")
    func gatewayStops() throws {
        let (backends, server) = try serve(["a"])
        let channel = try backends.openChannel("a", at: server)
        backends.gateway.send(signal: 15)
        #expect(try channel.next() == .close(1001))
        try channel.close(1001)
        #expect(try channel.ends())
        channel.reset()
        #expect(backends.gateway.waitForEnd() == .exit(0))
    }
}
