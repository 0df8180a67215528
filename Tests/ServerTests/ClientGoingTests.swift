import HTTP
import Server
import TestSupport
import Testing

/// Handlers that are told when nobody waits for their answer any more.
@Suite struct ClientGoingTests {
    private func events(_ server: TestServer) -> [String] { server.switches.clientEvents.withLock { $0 } }

    private func waitForHandler(_ server: TestServer) -> Bool {
        Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 }
    }

    private func waitForEvent(_ server: TestServer) -> Bool {
        Deadline(seconds: 30).wait { !events(server).isEmpty }
    }

    // MARK: HTTP/1.1

    @Test(arguments: ["close", "reset", "end"]) func goes(how: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/watch")
        #expect(waitForHandler(server))
        #expect(events(server).isEmpty)
        switch how {
        case "close": connection.close()
        case "reset": connection.reset()
        default: connection.finishSending()
        }
        #expect(waitForEvent(server))
        server.stop()
        #expect(events(server) == ["gone"], "once")
    }

    /// It may have gone before anybody asked.
    @Test func hasGone() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(connection.request("GET", "/gate") + connection.request("GET", "/watch"))
        #expect(waitForHandler(server))
        connection.finishSending()
        // The gate stands for the time that passes until the second request is answered.
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try connection.readResponse().text == "through")
        #expect(waitForEvent(server))
        #expect(
            try connection.readResponse().text == "waited",
            "one that ended only its side still gets its answer"
        )
    }

    @Test func stays() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/watch")
        #expect(waitForHandler(server))
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try connection.readResponse().text == "waited")
        #expect(try connection.exchange("GET", "/watched").text == "watched")
        #expect(try connection.exchange("GET", "/plain").text == "plain")
        connection.close()
        server.stop()
        #expect(events(server).isEmpty, "whoever has its answer may go")
    }

    @Test func forgotten() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/forget")
        #expect(waitForHandler(server))
        connection.close()
        server.stop()
        #expect(events(server).isEmpty)
    }

    // MARK: HTTP/2

    @Test(arguments: ["reset", "close"]) func goesOverHTTP2(how: String) throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        try peer.request("GET", "/watch", on: 1)
        #expect(waitForHandler(server))
        try peer.request("GET", "/plain", on: 3)
        #expect(try peer.answer(on: 3).hasEnded)
        #expect(events(server).isEmpty, "another stream has ended")
        if how == "reset" { try peer.reset(1) } else { peer.connection.close() }
        #expect(waitForEvent(server))
        if how == "reset" {
            try peer.request("GET", "/plain", on: 5)
            #expect(try peer.answer(on: 5).body == Array("plain".utf8))
        }
        server.stop()
        #expect(events(server) == ["gone"])
    }

    @Test func staysOverHTTP2() throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        try peer.request("GET", "/watch", on: 1)
        #expect(waitForHandler(server))
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try peer.answer(on: 1).body == Array("waited".utf8))
        for stream in [3, 5] as [UInt32] {
            try peer.request("GET", "/watched", on: stream)
            #expect(try peer.answer(on: stream).body == Array("watched".utf8))
        }
        peer.connection.close()
        server.stop()
        #expect(events(server).isEmpty)
    }

    // MARK: Bodies that nobody wants any more

    @Test(arguments: [["Content-Length: 100"], ["Transfer-Encoding: chunked"]])
    func stopReceiving(fields: [String]) throws {
        let server = try TestServer()
        let connection = try server.connect()
        let isChunked = fields[0].hasPrefix("T")
        try connection.send(
            connection.request("POST", "/stop", fields) + (isChunked ? "5\r\nhello\r\n" : "hello")
        )
        #expect(waitForHandler(server))
        server.switches.isGateOpen.withLock { $0 = true }
        let response = try connection.readResponse()
        #expect(response.status == 200)
        #expect(response.text.hasSuffix(" stopped"))
        #expect(response["connection"] == "close")
        #expect(try connection.endsWithoutMore(), "nobody knows where the next request would begin")
        #expect(server.switches.lastFailure.withLock { $0 } == .connectionLost)
    }

    @Test func stopReceivingOverHTTP2() throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        try peer.request("POST", "/stop", on: 1, isWhole: false)
        try peer.send("hello", on: 1)
        #expect(waitForHandler(server))
        try peer.request("GET", "/plain", on: 3)
        #expect(try peer.answer(on: 3).body == Array("plain".utf8))
        server.switches.isGateOpen.withLock { $0 = true }
        let text = String(decoding: try peer.answer(on: 1).body, as: UTF8.self)
        #expect(text == "hello stopped")
        try peer.request("GET", "/plain", on: 5)
        #expect(try peer.answer(on: 5).body == Array("plain".utf8), "the connection is good for others")
        #expect(server.switches.lastFailure.withLock { $0 } == .connectionLost)
    }

    /// A body that has come whole is no loss.
    @Test func stopReceivingTooLate() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(connection.request("POST", "/stop", ["Content-Length: 5"]) + "hello")
        #expect(waitForHandler(server))
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try connection.readResponse().text == "hello stopped")
        #expect(server.switches.lastFailure.withLock { $0 } == nil)
    }
}
