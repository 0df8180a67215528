import HTTP
import Server
import TestSupport
import Testing

/// Connections that go on in another protocol.
@Suite struct UpgradeTests {
    private static let asking = ["Connection: keep-alive, Upgrade", "Upgrade: echo"]

    private func events(_ server: TestServer) -> [TestUpgrade.Event] {
        server.switches.upgradeEvents.withLock { $0 }
    }

    private func waits(_ server: TestServer, for wanted: [TestUpgrade.Event]) -> Bool {
        Deadline(seconds: 30).wait { events(server) == wanted }
    }

    @Test func theHeadSaysNothingOfItsOwnAboutTheConnection() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade", Self.asking)
        let head = try connection.readHead()
        #expect(head.statusLine == "HTTP/1.1 101 Switching Protocols")
        #expect(head.fields.map { $0.name.lowercased() } == ["date", "connection", "upgrade"])
        #expect(head["connection"] == "Upgrade")
    }

    @Test func bytesGoBothWaysUntilTheEnd() throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(try connection.exchange("GET", "/plain").status == 200)
        try connection.send("GET", "/upgrade", Self.asking)
        #expect(try connection.readHead().status == 101)
        try connection.send("hello")
        #expect(try connection.readBytes(5) == Array("hello".utf8))
        // What looks like a request is not one any more.
        try connection.send("GET", "/plain")
        let sent = connection.request("GET", "/plain")
        #expect(try connection.readBytes(sent.utf8.count) == Array(sent.utf8))
        connection.finishSending()
        #expect(try connection.endsWithoutMore())
        #expect(events(server) == [.run(""), .ended])
    }

    /// However the head and the bytes behind it are cut, none of these is lost.
    @Test(arguments: [0, 1, 10, 40])
    func earlyBytes(cutBeforeEndOfHead: Int) throws {
        let server = try TestServer()
        let connection = try server.connect()
        let head = Array(connection.request("GET", "/upgrade", Self.asking).utf8)
        let cut = head.count - cutBeforeEndOfHead
        try connection.send(head[..<cut])
        try connection.send(head[cut...] + Array("early".utf8))
        #expect(try connection.readHead().status == 101)
        try connection.send("late")
        #expect(try connection.readBytes(9) == Array("earlylate".utf8))
    }

    @Test func bytesThatComeBeforeTheAnswer() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade-later", Self.asking)
        #expect(Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 })
        try connection.send("early")
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try connection.readHead().status == 101)
        #expect(try connection.readBytes(5) == Array("early".utf8))
    }

    @Test(
        arguments: [
            ("GET", "1.1", []),
            ("GET", "1.1", ["Connection: Upgrade"]),
            ("GET", "1.1", ["Upgrade: echo"]),
            ("GET", "1.1", ["Connection: close", "Upgrade: echo"]),
            ("GET", "1.0", asking),
            ("POST", "1.1", asking + ["Content-Length: 2"]),
            ("POST", "1.1", asking + ["Transfer-Encoding: chunked"]),
        ] as [(String, String, [String])]
    )
    func whatIsNoUpgrade(method: String, version: String, fields: [String]) throws {
        let server = try TestServer()
        for (target, status) in [("/upgrade-if-asked", 200), ("/upgrade", 500)] {
            let connection = try server.connect()
            let lines = ["\(method) \(target) HTTP/\(version)", "Host: h"] + fields
            let body =
                fields.isEmpty || method == "GET"
                ? "" : fields.last == "Content-Length: 2" ? "hi" : "0\r\n\r\n"
            try connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
            let response = try connection.readResponse(to: method)
            #expect(response.status == status)
            #expect(response["upgrade"] == nil)
        }
        #expect(waits(server, for: [.abandoned]))
    }

    /// HTTP/2 knows no 101 (RFC 9113 section 8.6).
    @Test func aRequestOfHTTP2() throws {
        var limits = Limits()
        limits.isHTTP2CleartextAllowed = true
        let server = try TestServer(limits: limits)
        let connection = try server.connect()
        // Method GET, scheme http, the path and the authority "h" without any compression (RFC 7541).
        let fields = [0x82, 0x86, 0x04, 8] + Array("/upgrade".utf8) + [0x01, 1, 0x68]
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let head: [UInt8] = [0, 0, UInt8(fields.count), 1, 5, 0, 0, 0, 1]
        try connection.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings + head + fields)
        var answer: [UInt8] = []
        repeat {
            let frame = try connection.readBytes(9)
            let length = Int(frame[0]) << 16 | Int(frame[1]) << 8 | Int(frame[2])
            answer = [frame[3]] + (try connection.readBytes(length))
        } while answer[0] != 1
        // The static table's entry 14 is the status 500.
        #expect(answer[1] == 0x8e)
        #expect(waits(server, for: [.abandoned]))
    }

    @Test func aLengthOfZeroIsNoBody() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade-if-asked", Self.asking + ["Content-Length: 0"])
        #expect(try connection.readHead().status == 101)
    }

    @Test func aStatusOf101WithoutAnUpgradeIsNotSent() throws {
        let server = try TestServer()
        #expect(try server.connect().exchange("GET", "/switching", Self.asking).status == 500)
    }

    @Test func aClientThatLeavesBeforeTheAnswer() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade-later", Self.asking)
        #expect(Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 })
        connection.reset()
        server.switches.isGateOpen.withLock { $0 = true }
        // Whether the 101 can still be written is the system's to say.
        #expect(
            Deadline(seconds: 30).wait {
                [[.abandoned], [.run(""), .ended]].contains(events(server))
            }
        )
    }

    @Test func timeLimitsDoNotHold() throws {
        var limits = Limits()
        limits.headerMilliseconds = 50
        limits.idleMilliseconds = 50
        limits.stallMilliseconds = 50
        limits.parkMilliseconds = 10
        let server = try TestServer(limits: limits)
        let connection = try Deadline(seconds: 60).firstSuccess {
            let connection = try server.connect()
            try connection.send("GET", "/upgrade", Self.asking)
            #expect(try connection.readHead().status == 101)
            return connection
        }
        // An idle connection beside it shows that more than the limits has passed.
        #expect(try server.connect().endsWithoutMore())
        #expect(try server.connect().endsWithoutMore())
        try connection.send("still")
        #expect(try connection.readBytes(5) == Array("still".utf8))
    }

    @Test func aStoppingServerTellsIt() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade", Self.asking)
        #expect(try connection.readHead().status == 101)
        #expect(waits(server, for: [.run("")]))
        let stopping = try server.beginStop()
        #expect(try connection.readBytes(3) == Array("bye".utf8))
        connection.finishSending()
        #expect(try connection.endsWithoutMore())
        stopping.join()
        #expect(events(server) == [.run(""), .drained, .ended])
    }

    @Test func anUpgradeWhileTheServerStops() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade-later", Self.asking)
        #expect(Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 })
        let idle = try server.connect()
        #expect(try idle.exchange("GET", "/plain").status == 200)
        let stopping = try server.beginStop()
        #expect(try idle.endsWithoutMore())
        server.switches.isGateOpen.withLock { $0 = true }
        #expect(try connection.readHead().status == 101)
        #expect(try connection.readBytes(3) == Array("bye".utf8))
        connection.close()
        stopping.join()
        #expect(events(server) == [.drained, .run(""), .ended])
    }

    @Test func whatDoesNotEndIsLeft() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade", Self.asking)
        #expect(try connection.readHead().status == 101)
        server.stop(milliseconds: 50)
    }

    @Test func theLimitOfConnectionsHolds() throws {
        var limits = Limits()
        limits.connections = 1
        let server = try TestServer(limits: limits)
        let connection = try server.connect()
        try connection.send("GET", "/upgrade", Self.asking)
        #expect(try connection.readHead().status == 101)
        #expect(try server.connect().endsWithoutMore())
        connection.close()
        #expect(
            Deadline(seconds: 30).wait { (try? server.connect().exchange("GET", "/plain"))?.status == 200 }
        )
    }

    @Test func theAccessLogGetsItsLineAtTheEnd() throws {
        let server = try TestServer(keepsAccessLog: true)
        let connection = try server.connect()
        try connection.send("GET", "/upgrade?secret=1", Self.asking)
        #expect(try connection.readHead().status == 101)
        try connection.send("hello")
        #expect(try connection.readBytes(5).count == 5)
        #expect(try server.connect().exchange("GET", "/plain").status == 200)
        connection.close()
        #expect(waits(server, for: [.run(""), .ended]))
        let lines = server.accessLines()
        try #require(lines.count == 2)
        #expect(lines[0].contains(#""path":"/plain""#))
        #expect(lines[1].contains(#""path":"/upgrade""#))
        #expect(lines[1].contains(#""status":101"#) && lines[1].contains(#""bytes":5,"#))
    }

    @Test func upgradesAreCounted() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", "/upgrade", Self.asking)
        #expect(try connection.readHead().status == 101)
        #expect(waits(server, for: [.run("")]))
        #expect(server.counters.upgrades.value == 1)
        #expect(server.counters.connectionsClosed.value == 0)
        connection.close()
        #expect(Deadline(seconds: 30).wait { server.counters.connectionsClosed.value == 1 })
    }
}
