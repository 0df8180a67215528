import Glibc
import HTTP
import Server
import TestSupport
import Testing

@Suite struct RequestBodyTests {
    /// Sends `text` in two parts, one for each place to cut it, over one connection.
    private func expectEcho(_ text: (RawConnection) -> String, _ expected: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        let bytes = Array(text(connection).utf8)
        for cut in 0...bytes.count {
            try connection.send(bytes[..<cut])
            if cut % 4 == 0 { usleep(300) }
            try connection.send(bytes[cut...])
            let response = try connection.readResponse(to: "POST")
            #expect(response.status == 200)
            #expect(response.text == expected)
        }
        server.stop()
    }

    @Test func bodiesByLengthInTwoPieces() throws {
        try expectEcho(
            { $0.request("POST", "/echo", ["Content-Length: 11"]) + "hello\r\n\r\nab" },
            "hello\r\n\r\nab"
        )
    }

    @Test func chunkedBodiesInTwoPieces() throws {
        let body = "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: ignored\r\n\r\n"
        try expectEcho(
            { $0.request("POST", "/echo", ["Transfer-Encoding: chunked"]) + body },
            "hello world"
        )
    }

    @Test func aBodyByteByByte() throws {
        let server = try TestServer()
        let connection = try server.connect()
        let text =
            connection.request("POST", "/echo", ["Transfer-Encoding: chunked"]) + "3\r\nabc\r\n0\r\n\r\n"
        for byte in text.utf8 { try connection.send([byte]) }
        #expect(try connection.readResponse(to: "POST").text == "abc")
    }

    @Test func aLargeBody() throws {
        let server = try TestServer()
        let connection = try server.connect()
        let body = String(repeating: "0123456789abcdef", count: 60_000)
        let response = try connection.post("/echo", ["Content-Length: \(body.utf8.count)"], body)
        #expect(response.status == 200)
        #expect(response.text == body)
    }

    @Test func bodiesInAPipeline() throws {
        let server = try TestServer()
        let connection = try server.connect()
        var text = ""
        for index in 0..<20 {
            text += connection.request("POST", "/echo", ["Content-Length: 2"]) + "\(10 + index)"
            text +=
                connection.request("POST", "/echo", ["Transfer-Encoding: chunked"]) + "1\r\nc\r\n0\r\n\r\n"
            text += connection.request("GET", "/plain")
            text += connection.request("POST", "/ignore", ["Content-Length: 4"]) + "GET "
        }
        try connection.send(text)
        for index in 0..<20 {
            #expect(try connection.readResponse().text == "\(10 + index)")
            #expect(try connection.readResponse().text == "c")
            #expect(try connection.readResponse().text == "plain")
            #expect(try connection.readResponse().text == "plain")
        }
    }

    // MARK: Limits

    @Test(
        arguments: [
            (["Content-Length: 10"], "0123456789", 200), (["Content-Length: 11"], "0123456789a", 413),
            (["Content-Length: 999999999999999999"], "", 413),
            (["Transfer-Encoding: chunked"], "a\r\n0123456789\r\n0\r\n\r\n", 200),
            (["Transfer-Encoding: chunked"], "b\r\n0123456789a\r\n0\r\n\r\n", 413),
            (["Transfer-Encoding: chunked"], "9\r\n012345678\r\n2\r\n9a\r\n0\r\n\r\n", 413),
            (["Transfer-Encoding: chunked"], "x\r\n", 400), (["Transfer-Encoding: chunked"], "1\r\nabc", 400),
        ] as [([String], String, Int)]
    )
    func limits(fields: [String], body: String, status: Int) throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(try connection.post("/echo-ten", fields, body).status == status)
        if status == 200 {
            #expect(try connection.exchange("GET", "/plain").text == "plain")
        } else {
            #expect(try connection.endsWithoutMore())
        }
    }

    /// A handler that takes no notice of the failure must not make the rest of the body a request.
    @Test(arguments: ["\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", "0123456789abcdef"])
    func aRefusedChunkIsNeverARequest(chunk: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        let size = String(chunk.utf8.count, radix: 16)
        try connection.send(
            connection.request("POST", "/stubborn", ["Transfer-Encoding: chunked"])
                + "\(size)\r\n\(chunk)\r\n0\r\n\r\n" + connection.request("GET", "/close")
        )
        #expect(try connection.readResponse().status == 200)
        let rest = try connection.readToEnd()
        let text = String(decoding: rest, as: UTF8.self)
        #expect(!text.contains("plain"), "the chunk's data was answered as a request")
    }

    @Test func aClientThatGoesInTheMiddleOfABody() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(connection.request("POST", "/echo", ["Content-Length: 10"]) + "12345")
        connection.finishSending()
        _ = try connection.readToEnd()
        server.stop()
        #expect(server.switches.lastFailure.withLock { $0 } == .connectionLost)
    }

    // MARK: HTTP/2

    /// The head and all of the body can come at once.
    @Test(arguments: [["hello"], ["hel", "lo"], ["hello", ""], ["", "hello"], [""]])
    func overHTTP2InAllPieces(pieces: [String]) throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        var stream: UInt32 = 1
        for cut in [Int.max] + Array(0...150) {
            try peer.post("/echo", pieces, on: stream, cutAt: cut)
            #expect(try peer.answer(on: stream).body == Array(pieces.joined().utf8), "cut at \(cut)")
            stream += 2
        }
        server.stop()
    }

    @Test func overHTTP2AtOnceAndTooLong() throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        try peer.post("/echo-ten", ["hello, world"], on: 1, cutAt: .max)
        #expect(try peer.answer(on: 1).body != Array("hello, world".utf8))
        try peer.post("/ignore", ["hello"], on: 3, cutAt: .max)
        #expect(try peer.answer(on: 3).body == Array("plain".utf8))
        server.stop()
    }

    // MARK: Bodies that nobody reads

    @Test(
        arguments: [
            ("Content-Length: 5", Named("5 bytes", "hello")),
            ("Transfer-Encoding: chunked", Named("a chunk", "5\r\nhello\r\n0\r\nA: b\r\n\r\n")),
            ("Content-Length: 100000", Named("100,000 bytes", String(repeating: "x", count: 100_000))),
        ]
    )
    func smallBodiesAreReadAway(field: String, body: Named<String>) throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(try connection.post("/ignore", [field], body.value).text == "plain")
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }

    @Test func largeBodiesEndTheConnection() throws {
        var limits = Limits()
        limits.drainBytes = 1000
        let server = try TestServer(limits: limits)
        let connection = try server.connect()
        try connection.send(connection.request("POST", "/ignore", ["Content-Length: 1001"]) + "abc")
        let response = try connection.readResponse()
        #expect(response.status == 200)
        #expect(response["connection"] == "close")
        #expect(try connection.endsWithoutMore())
    }

    @Test func aMalformedBodyThatNobodyReadsEndsTheConnection() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(connection.request("POST", "/ignore", ["Transfer-Encoding: chunked"]) + "x\r\n")
        #expect(try connection.readResponse().status == 200)
        #expect(try connection.endsWithoutMore())
    }

    // MARK: Expect

    @Test func continueIsSentWhenTheBodyIsRead() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("POST", "/echo", ["Content-Length: 5", "Expect: 100-continue"])
        let interim = try connection.readResponse()
        #expect(interim.statusLine == "HTTP/1.1 100 Continue")
        #expect(interim.fields.isEmpty)
        try connection.send("hello")
        #expect(try connection.readResponse().text == "hello")
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }

    @Test(arguments: ["/ignore", "/echo-ten"])
    func withoutReadingTheAnswerIsFinal(target: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("POST", target, ["Content-Length: 50", "Expect: 100-Continue"])
        let response = try connection.readResponse()
        #expect(response.status == (target == "/ignore" ? 200 : 413))
        #expect(response["connection"] == "close")
        connection.finishSending()
        #expect(try connection.endsWithoutMore())
    }

    @Test func otherExpectationsFail() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("POST", "/echo", ["Content-Length: 5", "Expect: the-unexpected"])
        #expect(try connection.readResponse().status == 417)
        #expect(try connection.endsWithoutMore())
    }

    @Test func withoutABodyThereIsNothingToContinue() throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(try connection.exchange("GET", "/plain", ["Expect: 100-continue"]).text == "plain")
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }
}
