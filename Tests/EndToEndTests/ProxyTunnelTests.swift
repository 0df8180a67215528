import TestSupport
import Testing

/// WebSockets to an upstream, from their beginning to the end of the gateway.
struct ProxyTunnelTests {
    /// An answer that begins a WebSocket (RFC 6455 section 1.3).
    private static let welcome = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        \r

        """
    /// A server's close frame of the status 1001.
    private static let closeFrame = "\u{88}\u{02}\u{03}\u{e9}"
    private static let target = "/_cellucid/ws"

    /// A gateway with a server at `/up/` that begins every WebSocket and then does these steps.
    private func fixture(_ steps: [ScriptedUpstream.Step]) throws -> (ScriptedUpstream, ProxyFixture) {
        let upstream = try ScriptedUpstream(.third, [.init(Self.target, [.send(Self.welcome)] + steps)])
        return (upstream, try ProxyFixture(upstream))
    }

    @Test("The status document counts the connections that became WebSockets")
    func counted() throws {
        let (upstream, fixture) = try fixture([.wait])
        func count() throws -> JSON? {
            try JSON(fixture.ask("/_gateway/status").body)["connections"]?["upgraded"]
        }
        #expect(try count() == .number(0))
        // A request for it that the server answers otherwise is none.
        #expect(
            try fixture.ask("/up/_cellucid/info", ["Connection: Upgrade", "Upgrade: websocket"]).status == 200
        )
        #expect(try count() == .number(0))
        for number in 1...2 {
            let channel = try ViewerChannel(fixture.gateway, mount: "up")
            #expect(try Deadline(seconds: 30).wait { try count() == .number(Double(number)) })
            channel.reset()
        }
        #expect(try count() == .number(2))
        #expect(upstream.requests(Self.target).count == 2)
    }

    @Test(
        "When the gateway stops, both ends of a tunnel are told that it goes away, and both connections end in order"
    )
    func gatewayStops() throws {
        // Peers that get no processor for as long as the gateway waits for them are too late; but that is not so each
        // time.
        let found = try Deadline(seconds: 120).firstAnswer { try endingInTime() }
        let ending = try #require(found)
        // One frame, masked as a client's.
        let frame = ending.rest.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        try #require(frame.count == 8)
        #expect(frame[..<2] == [0x88, 0x82])
        #expect([frame[6] ^ frame[2], frame[7] ^ frame[3]] == [0x03, 0xe9])
        #expect(!ending.isReset)
    }

    /// Stops a gateway with a tunnel.
    /// - Returns: what the server saw of the end; `nil` when that took longer than the gateway waits for it.
    private func endingInTime() throws -> ScriptedUpstream.Ending? {
        let (upstream, fixture) = try fixture([.await(8), .send(Self.closeFrame), .wait])
        let channel = try ViewerChannel(fixture.gateway, mount: "up")
        let request = try #require(upstream.waitForRequest(Self.target))
        let start = ContinuousClock.now
        fixture.gateway.send(signal: 15)
        #expect(try channel.next() == .close(1001))
        do {
            try channel.close(1001)
        } catch RawConnection.Failure.reset where ContinuousClock.now - start >= .seconds(3) {
            return nil
        }
        #expect(try channel.ends())
        // The gateway would wait for that for a while.
        channel.reset()
        let ending = try #require(upstream.waitForEnding(of: request.connection))
        #expect(fixture.gateway.waitForEnd() == .exit(0))
        return ContinuousClock.now - start < .seconds(3) ? ending : nil
    }
}
