import Bytes
import HTTP
import Testing

@testable import Upstream

/// Tunnels over connections on which a server has switched protocols.
@Suite struct TunnelHandOverTests {
    private static let answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

    private static func ask(_ connection: ClientConnection, _ head: ResponseHead) async throws {
        let request = ByteBuffer(capacity: 256)
        request.append("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
        try await connection.send(request, method: .get)
        try await connection.readHead(into: head)
    }

    @Test func whatCameTogetherWithTheAnswerIsKept() async throws {
        let origin = try ScriptedOrigin([[.request, .send(Self.answer + "together"), .waitForEnd]])
        try await UpstreamHarness().fetch(origin.url()) { _, pool in
            let connection = try await pool.take(until: .max)
            let head = ResponseHead()
            try await Self.ask(connection, head)
            #expect(head.status.code == 101)
            #expect(!connection.isAnswerComplete)
            let (stream, received) = connection.handOver()
            // All of it may not have come yet.
            let rest = ByteBuffer(capacity: 64)
            rest.append(received)
            while rest.count < 8 {
                _ = try stream.read(into: rest)
                if rest.count < 8 { _ = await stream.channel.waitReadable(until: .max) }
            }
            #expect(rest.unread.text() == "together")
            // The pool has nothing more to do with the stream.
            pool.giveBack(connection)
            #expect(pool.connectionCount == 0)
            #expect(try stream.write([1, 2, 3].span, [UInt8]().span) == 3)
            stream.close()
        }
    }

    @Test func anAnswerThatIsNotTakenOverIsClosed() async throws {
        let origin = try ScriptedOrigin([[.request, .send(Self.answer), .waitForEnd]])
        try await UpstreamHarness().fetch(origin.url()) { _, pool in
            let connection = try await pool.take(until: .max)
            try await Self.ask(connection, ResponseHead())
            #expect(!connection.isReadyForRequest())
            pool.giveBack(connection)
            #expect(pool.connectionCount == 0)
        }
    }
}
