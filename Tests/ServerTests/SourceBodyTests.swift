import HTTP
import Server
import TestSupport
import Testing

/// Bodies that are made while they are sent: what exactly goes over the line.
@Suite struct SourceBodyTests {
    private let whole = TestHandler.pieces.flatMap { $0 }

    // MARK: HTTP/1.1

    /// The bytes after the head, up to the end of the connection.
    private func raw(_ target: String) throws -> (head: RawResponse, rest: [UInt8]) {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", target, ["Connection: close"])
        let head = try connection.readHead()
        return (head, try connection.readToEndOrReset())
    }

    @Test func withALength() throws {
        let (head, rest) = try raw("/exact")
        #expect(head["content-length"] == "\(whole.count)")
        #expect(head["transfer-encoding"] == nil)
        #expect(rest == whole)
    }

    /// A chunk for each piece that has bytes; an empty one would be the end.
    @Test func inChunks() throws {
        let (head, rest) = try raw("/unknown")
        #expect(head["content-length"] == nil)
        #expect(head["transfer-encoding"] == "chunked")
        let chunks = TestHandler.pieces.filter { !$0.isEmpty }.map { piece in
            Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
        }
        #expect(rest == chunks.flatMap { $0 } + Array("0\r\n\r\n".utf8))
    }

    /// Too few bytes are seen to be too few, and never are there more than were announced.
    @Test(
        arguments: [("/too-short", 10, [1, 2, 3]), ("/too-long", 4, [1, 2, 3])] as [(String, Int, [UInt8])]
    )
    func wrongLengths(target: String, length: Int, expected: [UInt8]) throws {
        guard let (head, rest) = try broken(target) else { return }
        #expect(head["content-length"] == "\(length)")
        #expect(rest.count < length)
        #expect(expected.starts(with: rest))
    }

    /// What comes before the connection is broken; nil when the reset has overtaken all of it.
    private func broken(_ target: String) throws -> (head: RawResponse, rest: [UInt8])? {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("GET", target)
        do throws(RawConnection.Failure) {
            return (try connection.readHead(), try connection.readToEndOrReset())
        } catch {
            guard error == .reset else { throw error }
            return nil
        }
    }

    /// The last chunk, which says that the body is whole, never comes.
    @Test func aFailureWithinChunks() throws {
        guard let (head, rest) = try broken("/failing") else { return }
        #expect(head["transfer-encoding"] == "chunked")
        #expect(Array("3\r\n\u{1}\u{2}\u{3}\r\n".utf8).starts(with: rest))
    }

    @Test(arguments: ["/exact", "/unknown", "/slow"]) func pipelined(target: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(connection.request("GET", target) + connection.request("GET", "/plain"))
        #expect(try connection.readResponse().body == whole)
        #expect(try connection.readResponse().text == "plain")
    }

    // MARK: HTTP/2

    @Test(arguments: ["/exact", "/unknown", "/slow"]) func wholeOverHTTP2(target: String) throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        for stream in [1, 3] as [UInt32] {
            try peer.request("GET", target, on: stream)
            let answer = try peer.answer(on: stream)
            #expect(answer == HTTP2Peer.Answer(body: whole, hasHead: true, hasEnded: true))
        }
    }

    /// The stream is reset, and others go on.
    @Test(
        arguments: [("/too-short", 3), ("/too-long", 4), ("/failing", 3)] as [(String, Int)]
    )
    func wrongOverHTTP2(target: String, most: Int) throws {
        let server = try TestServer.cleartext()
        let peer = try HTTP2Peer(port: server.server.address.port)
        try peer.request("GET", target, on: 1)
        let answer = try peer.answer(on: 1)
        #expect(answer.reset == HTTP2Peer.internalError)
        #expect(!answer.hasEnded)
        #expect(answer.body.count <= most)
        #expect([1, 2, 3].starts(with: answer.body))
        try peer.request("GET", "/plain", on: 3)
        #expect(try peer.answer(on: 3).body == Array("plain".utf8))
    }
}
