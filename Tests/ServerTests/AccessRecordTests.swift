import FoundationEssentials
import HTTP
import Server
import TestSupport
import Testing

@Suite struct AccessRecordTests {
    private func records(_ server: TestServer) throws -> [AccessEntry] {
        try server.accessLines().map { try JSONDecoder().decode(AccessEntry.self, from: Data($0.utf8)) }
    }

    @Test func everyAnswerLeavesARecord() throws {
        let server = try TestServer(keepsAccessLog: true)
        let connection = try server.connect()
        _ = try connection.exchange("GET", "/plain?token=secret", ["User-Agent: test \"agent\""])
        _ = try connection.exchange("HEAD", "/plain")
        _ = try connection.post("/echo", ["Content-Length: 3"], "abc")
        let chunked = try connection.exchange("GET", "/unknown")
        _ = try connection.exchange("GET", "/a%20b/../c")
        let old = try server.connect()
        try old.send("GET /%41 HTTP/1.0\r\n\r\n")
        _ = try old.readResponse()
        let records = try records(server)
        try #require(records.count == 6)
        #expect(records.map(\.method) == ["GET", "HEAD", "POST", "GET", "GET", "GET"])
        #expect(records.map(\.path) == ["/plain", "/plain", "/echo", "/unknown", "/a%20b/../c", "/%41"])
        #expect(records.map(\.status) == [200, 200, 200, 200, 400, 200])
        #expect(records.prefix(4).map(\.bytes) == [5, 0, 3, chunked.body.count])
        #expect(records.map(\.version) == Array(repeating: "HTTP/1.1", count: 5) + ["HTTP/1.0"])
        #expect(records.allSatisfy { $0.peer == "127.0.0.1" && $0.milliseconds >= 0 })
        #expect(records.map(\.userAgent) == ["test \"agent\"", "", "", "", "", ""])
    }

    @Test func resetAnswersAreRecorded() throws {
        let server = try TestServer(keepsAccessLog: true)
        let connection = try server.connect()
        _ = try? connection.exchange("GET", "/too-short")
        let records = try records(server)
        #expect(records.map(\.path) == ["/too-short"])
    }

    /// In a process of its own: a mistake here ends the process.
    @Test func whatIsNotEvenARequestLineIsRecorded() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer(keepsAccessLog: true)
            let connection = try server.connect()
            _ = try connection.exchange("GET", "/plain")
            try connection.send("GARBAGE\r\n\r\n")
            _ = try connection.readResponse()
            try #require(server.accessLines().count == 2)
        }
    }

    /// The fields before the one that is refused are there.
    @Test func fieldsOfARefusedRequestAreRecorded() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer(keepsAccessLog: true)
            let connection = try server.connect()
            try connection.send("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: an agent\r\nno field\r\n\r\n")
            _ = try connection.readResponse()
            let lines = server.accessLines()
            try #require(lines.count == 1 && "\(lines)".contains("an agent"))
        }
    }
}
