import HTTP
import Server
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test func keptAliveUnlessSomebodyWantsItClosed() throws {
        let server = try TestServer()
        let connection = try server.connect()
        for _ in 0..<3 {
            let response = try connection.exchange("GET", "/plain")
            #expect(response["connection"] == nil)
            #expect(response["date"]?.hasSuffix(" GMT") == true)
        }
        #expect(try connection.exchange("GET", "/plain", ["Connection: close"])["connection"] == "close")
        #expect(try connection.endsWithoutMore())
        let other = try server.connect()
        #expect(try other.exchange("GET", "/close")["connection"] == "close")
        #expect(try other.endsWithoutMore())
    }

    @Test func oldClientsAskToKeepIt() throws {
        let server = try TestServer()
        let connection = try server.connect()
        for _ in 0..<2 {
            try connection.send("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try connection.readResponse()
            #expect(response["connection"] == "keep-alive")
            #expect(response.text == "plain")
        }
        try connection.send("GET /plain HTTP/1.0\r\n\r\n")
        #expect(try connection.readResponse()["connection"] == "close")
        #expect(try connection.endsWithoutMore())
    }

    @Test(
        arguments: [
            ("GARBAGE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505),
            ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400),
        ]
    )
    func whatCannotBeReadEndsTheConnection(text: String, status: Int) throws {
        try expectEnd(text, status)
    }

    @Test func whatIsTooLongEndsTheConnection() throws {
        try expectEnd(
            "GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "a", count: 70_000) + "\r\n\r\n",
            431
        )
        try expectEnd("GET /" + String(repeating: "a", count: 20_000) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414)
    }

    private func expectEnd(_ text: String, _ status: Int) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(text)
        let response = try connection.readResponse()
        #expect(response.status == status)
        #expect(response["connection"] == "close")
        #expect(response["content-type"] == "text/plain; charset=utf-8")
        #expect(!response.body.isEmpty)
        #expect(try connection.endsWithoutMore())
    }

    /// The exchange that refuses is one that has served other requests before.
    @Test(arguments: [
        "HEAD /plain HTTP/1.1\r\nHost: h\r\n\r\n", "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ])
    func aRefusalOwesNothingToTheRequestBefore(first: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(first)
        #expect(try connection.readResponse(to: String(first.prefix(4))).status == 200)
        try connection.send("GARBAGE\r\n\r\n")
        let response = try connection.readResponse()
        #expect(response.status == 400)
        #expect(response["connection"] == "close")
        #expect(!response.body.isEmpty)
    }

    /// A path that is refused is no reason to end the connection, and is answered once.
    @Test func aRefusedPathIsAnsweredOnce() throws {
        let server = try TestServer()
        let connection = try server.connect()
        for _ in 0..<3 {
            #expect(try connection.exchange("GET", "/a/../b").status == 400)
            try #require(try connection.exchange("GET", "/plain").text == "plain")
        }
        try connection.send(
            connection.request("GET", "/%00") + connection.request("GET", "/plain")
                + connection.request("GET", "/%zz", ["Connection: close"])
        )
        #expect(try connection.readResponse().status == 400)
        try #require(try connection.readResponse().text == "plain")
        #expect(try connection.readResponse().status == 400)
        #expect(try connection.endsWithoutMore())
    }

    @Test func manyRequestsAtOnce() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(String(repeating: connection.request("GET", "/plain"), count: 500))
        for _ in 0..<500 { #expect(try connection.readResponse().text == "plain") }
    }

    @Test func severalWorkersShareAPort() throws {
        let server = try TestServer(workers: 3)
        for _ in 0..<20 { #expect(try server.connect().exchange("GET", "/plain").text == "plain") }
    }

    @Test func aClientThatIsTooSlowIsTold() throws {
        var limits = Limits()
        limits.headerMilliseconds = 50
        let server = try TestServer(limits: limits)
        let connection = try server.connect()
        try connection.send("GET / HT")
        #expect(try connection.readResponse().status == 408)
        #expect(try connection.endsWithoutMore())
        let stray = try server.connect()
        try stray.send("\r\n")
        #expect(try stray.endsWithoutMore(), "a stray line end is no request")
    }

    @Test func idleConnectionsEnd() throws {
        var limits = Limits()
        limits.idleMilliseconds = 50
        let server = try TestServer(limits: limits)
        let silent = try server.connect()
        #expect(try silent.endsWithoutMore())
        let used = try Deadline(seconds: 60).firstSuccess {
            let connection = try server.connect()
            #expect(try connection.exchange("GET", "/plain").status == 200)
            return connection
        }
        #expect(try used.endsWithoutMore())
    }

    @Test func moreConnectionsThanAllowedAreTurnedAway() throws {
        var limits = Limits()
        limits.connections = 2
        let server = try TestServer(limits: limits)
        let kept = [try server.connect(), try server.connect()]
        for connection in kept { #expect(try connection.exchange("GET", "/plain").status == 200) }
        #expect(try server.connect().endsWithoutMore())
        kept[0].close()
        let answered = try Deadline(seconds: 30).wait {
            do {
                return try server.connect().exchange("GET", "/plain").status == 200
            } catch is RawConnection.Failure {
                return false
            }
        }
        #expect(answered)
        #expect(try kept[1].exchange("GET", "/plain").status == 200)
        #expect(server.logLines().contains { $0.contains("limit of connections") })
    }
}
