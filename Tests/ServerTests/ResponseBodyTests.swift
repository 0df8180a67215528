import HTTP
import Server
import TestSupport
import Testing

@Suite struct ResponseBodyTests {
    private let whole = TestHandler.pieces.flatMap { $0 }

    @Test(arguments: ["/unknown", "/slow"]) func unknownLengthsComeInChunks(target: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        for _ in 0..<3 {
            let response = try connection.exchange("GET", target)
            #expect(response["transfer-encoding"] == "chunked")
            #expect(response["content-length"] == nil)
            #expect(response.body == whole)
        }
    }

    @Test(arguments: [[], ["Connection: keep-alive"]])
    func forOldClientsTheyEndWithTheConnection(fields: [String]) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send((["GET /unknown HTTP/1.0"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        let response = try connection.readResponse()
        #expect(response["transfer-encoding"] == nil)
        #expect(response["connection"] == "close")
        #expect(response.body == whole)
    }

    @Test func knownLengthsAreAnnounced() throws {
        let server = try TestServer()
        let connection = try server.connect()
        let response = try connection.exchange("GET", "/exact")
        #expect(response["content-length"] == "\(whole.count)")
        #expect(response.body == whole)
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }

    @Test(arguments: ["/exact", "/unknown", "/plain", "/big"]) func headHasNoBody(target: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        let head = try connection.exchange("HEAD", target)
        let full = try connection.exchange("GET", target)
        #expect(head.body.isEmpty)
        #expect(head["content-length"] == full["content-length"])
        #expect(head["transfer-encoding"] == full["transfer-encoding"])
    }

    @Test func aLargeBodyFromMemory() throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(try connection.exchange("GET", "/big").body == TestHandler.bigBody)
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }

    @Test func noContentHasNoLength() throws {
        let server = try TestServer()
        let connection = try server.connect()
        let response = try connection.exchange("GET", "/nothing")
        #expect(response.status == 204)
        #expect(response["content-length"] == nil)
        #expect(try connection.exchange("GET", "/plain").text == "plain")
    }

    /// The client must never take a part for the whole.
    @Test(arguments: ["/too-short", "/too-long", "/failing"]) func aSourceThatLiesResetsTheConnection(
        target: String
    ) throws {
        let server = try TestServer()
        let connection = try server.connect()
        #expect(throws: RawConnection.Failure.self) {
            while true { _ = try connection.exchange("GET", target) }
        }
        #expect(try server.connect().exchange("GET", "/plain").text == "plain")
    }
}
