import Glibc
import HTTP
import Reactor
import Testing

@testable import Upstream

/// What a connection notices of its server while a request is being sent.
@Suite struct ClientConnectionTests {
    /// The end has come, and no turn of the loop has told of it yet.
    @Test func theEndIsNoPartOfAnAnswer() async throws {
        let origin = try ScriptedOrigin([[.sleep(milliseconds: 20), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let connection = try await pool.take(until: .max)
            defer { pool.giveBack(connection) }
            var poll = pollfd(
                fd: connection.stream.channel.descriptor,
                events: Int16(POLLIN),
                revents: 0
            )
            #expect(Glibc.poll(&poll, 1, 30_000) == 1)
            let buffer = pool.context.takeBuffer()
            buffer.append("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
            try await connection.send(buffer, method: .post, bodyFollows: true)
            let head = ResponseHead()
            #expect(connection.hasAnswerBegun(head))
            #expect(!connection.hasReceived)
            let error = await #expect(throws: UpstreamError.self) {
                try await connection.readHead(into: head)
            }
            #expect(error?.cause == .connectionLost)
        }
    }
}
