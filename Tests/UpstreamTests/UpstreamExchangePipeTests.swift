import Bytes
import Glibc
import HTTP
import Reactor
import Testing
import Transport

@testable import Upstream

/// Bodies of answers that go through a pipe.
@Suite struct UpstreamExchangePipeTests {
    private static let size = 3_000_000
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"
    private static let hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

    /// Reads an answer's body, through a pipe as far as that is possible.
    /// - Returns: the bytes that came through the pipe, and those that did not.
    private static func read(
        _ exchange: UpstreamExchange
    ) async throws(UpstreamError) -> (piped: Int, pulled: Int) {
        guard let pipe = try? SplicePipe(capacity: 1 << 20), let waste = try? Waste() else { return (-1, -1) }
        var (piped, pulled) = (0, 0)
        while true {
            if let count = try await exchange.read(into: pipe) {
                if count == 0 { return (piped, pulled) }
                piped += count
                waste.take(pipe)
            } else {
                let buffer = ByteBuffer(capacity: 1000)
                let count = try await exchange.read(into: buffer)
                if count == 0 { return (piped, pulled) }
                pulled += count
            }
        }
    }

    /// A connection into which pipes are emptied.
    private final class Waste {
        private let stream: ByteStream
        private let peer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError.last("socketpair") }
            let channel = try Channel(Descriptor(ends[0], from: "socketpair"), loop: try EventLoop())
            stream = ByteStream(channel, tls: nil, scratch: ByteStream.Scratch())
            peer = ends[1]
        }

        deinit {
            stream.close()
            close(peer)
        }

        func take(_ pipe: SplicePipe) {
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while pipe.count > 0 {
                guard (try? stream.write(pipe, moreFollows: false)) != nil else { return }
                while Glibc.read(peer, &buffer, buffer.count) > 0 {}
            }
        }
    }

    @Test func announcedLength() async throws {
        let origin = try ScriptedOrigin([
            [.request, .send(Self.head + "first"), .fill(Self.size - 5), .request, .send(Self.hi)]
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            let (piped, pulled) = try await Self.read(exchange)
            #expect(piped + pulled == Self.size)
            #expect(pulled < 100_000, "only what had come with the head")
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 1)
            #expect(await ExchangeOutcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.connections == [0, 0])
    }

    /// What is no part of the answer does not go through, and is not the answer to the next request.
    @Test func moreThanAnnounced() async throws {
        let origin = try ScriptedOrigin([
            [.request, .send(Self.head), .fill(Self.size), .send(Self.hi), .waitForEnd],
            [.request, .send(Self.hi)],
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            let (piped, pulled) = try await Self.read(exchange)
            #expect(piped + pulled == Self.size)
            _ = await ExchangeOutcome.of(UpstreamExchange(pool: pool), .get)
        }
        #expect(origin.connections.contains(1), "the connection was given up")
    }

    @Test(arguments: [false, true]) func cutShort(byReset: Bool) async throws {
        let ending = byReset ? ScriptedOrigin.Action.reset : .close
        let origin = try ScriptedOrigin([[.request, .send(Self.head), .fill(Self.size - 1), ending]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            do throws(UpstreamError) {
                let counts = try await Self.read(exchange)
                Issue.record("\(counts) instead of an error")
            } catch {
                guard case .truncated(let received) = error.cause else {
                    Issue.record("\(error)")
                    return
                }
                #expect(received < UInt64(Self.size))
            }
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 0)
        }
    }

    @Test func stall() async throws {
        let origin = try ScriptedOrigin([[.request, .send(Self.head), .fill(1000), .waitForEnd]])
        let options = UpstreamHarness.Options.with { $0.timeouts.stallMilliseconds = 50 }
        try await UpstreamHarness().withPool(origin.url(), options) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            do throws(UpstreamError) {
                let counts = try await Self.read(exchange)
                Issue.record("\(counts) instead of an error")
            } catch {
                #expect(error.cause == .timedOut(.body))
            }
        }
    }

    /// Where bytes are not the body's as they come, none goes through a pipe.
    @Test(
        arguments: [
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Connection: close\r\n\r\nhello",
            "Content-Length: 0\r\n\r\n",
        ]
    ) func otherFramings(rest: String) async throws {
        let origin = try ScriptedOrigin([[.request, .send("HTTP/1.1 200 OK\r\n\(rest)"), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            let (piped, pulled) = try await Self.read(exchange)
            #expect(piped == 0)
            #expect(pulled == (rest.contains("hello") ? 5 : 0))
        }
    }

    @Test(.enabled(if: UpstreamCertificates.isAvailable)) func overTLS() async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send(Self.head), .fill(Self.size), .waitForEnd]],
            tls: UpstreamCertificates.server(UpstreamCertificates.good)
        )
        let options = UpstreamHarness.Options.with {
            $0.trust = .only(path: UpstreamCertificates.authority)
        }
        try await UpstreamHarness().withPool(origin.url("https"), options) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            let (piped, pulled) = try await Self.read(exchange)
            #expect(piped == 0)
            #expect(pulled == Self.size)
        }
    }
}
