import Bytes
import HTTP
import Reactor
import Testing

@testable import Upstream

/// One request and its answer: bodies both ways, and what becomes of the connection.
@Suite struct UpstreamExchangeTests {
    private typealias Outcome = ExchangeOutcome
    private typealias Request = UpstreamExchange.Request
    private static let hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    private static let ok: [ScriptedOrigin.Action] = [.request, .send(hi)]
    private static let unkept = UpstreamHarness.Options.with { $0.limits.idleMilliseconds = 0 }

    // MARK: Answers

    @Test(
        arguments: [
            ("200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
            (
                "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
                200, "hello"
            ),
            ("200 OK\r\n\r\nhello", 200, "hello"), ("204 No Content\r\n\r\n", 204, ""),
            ("304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""),
            ("404 No\r\nContent-Length: 0\r\n\r\n", 404, ""),
            (
                "103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200,
                "hello"
            ),
            ("599 Odd\r\nContent-Length: 1\r\n\r\nx", 599, "x"),
        ]
    )
    func answers(text: String, status: Int, body: String) async throws {
        let origin = try ScriptedOrigin([[.request, .send("HTTP/1.1 \(text)"), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            #expect(await Outcome.of(exchange, .get) == .answer(status, body))
            #expect(exchange.isComplete)
            let more = try await exchange.text()
            #expect(more.isEmpty, "the end is said again and again")
        }
    }

    /// An answer without a body is over with its head, and the connection free for others.
    @Test(
        arguments: [
            (.get, "204 No Content\r\n\r\n"), (.get, "200 OK\r\nContent-Length: 0\r\n\r\n"),
            (.head, "200 OK\r\nContent-Length: 5\r\n\r\n"),
            (.head, "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (.get, "304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ] as [(HTTP.Method, String)]
    )
    func noBody(method: HTTP.Method, text: String) async throws {
        let origin = try ScriptedOrigin([[.request, .send("HTTP/1.1 \(text)")] + Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(Request(method: method, isRepeatable: true))
            #expect(exchange.isComplete)
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.connections == [0, 0])
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", .truncated(received: 5)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .truncated(received: 5)),
            ("HTTP/1.1 200 OK\r\nContent-L", .truncated(received: 0)), ("", .connectionLost),
        ] as [(String, UpstreamError.Cause)]
    )
    func cutShort(text: String, cause: UpstreamError.Cause) async throws {
        let origin = try ScriptedOrigin([[.request, .send(text), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            #expect(await Outcome.of(exchange, .get) == .failure(cause))
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 0)
        }
        #expect(origin.connections == [0], "a fresh connection is no reason to try again")
    }

    /// A body larger than any buffer, received where it is wanted.
    @Test(arguments: [true, false]) func largeBody(hasLength: Bool) async throws {
        let count = 3_000_000
        let head = "HTTP/1.1 200 OK\r\n\(hasLength ? "Content-Length: \(count)\r\n" : "")\r\n"
        let origin = try ScriptedOrigin([
            [.request, .send(head), .fill(count)] + (hasLength ? Self.ok : [.close])
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            let buffer = ByteBuffer(capacity: 1024)
            var total = 0
            while try await exchange.read(into: buffer) > 0 {
                total += buffer.count
                buffer.removeAll()
            }
            #expect(total == count)
            #expect(pool.connectionCount == (hasLength ? 1 : 0))
        }
    }

    // MARK: More than was announced

    /// What comes with the answer's end belongs to no answer, and the connection to nobody.
    @Test func moreBytesAtOnce() async throws {
        let origin = try ScriptedOrigin([[.request, .send(Self.hi + "!"), .request], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            #expect(pool.connectionCount == 0)
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.connections == [0, 1])
    }

    @Test func moreBytesThanAnnounced() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        let origin = try ScriptedOrigin([
            [.request, .send(head), .requests(2), .send("hi!"), .waitForEnd], Self.ok,
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            #expect(!exchange.isComplete)
            // Only now the origin sends the body, so that nothing of it came with the head.
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            #expect(try await exchange.text() == "hi")
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 1, "only the other one is kept")
        }
    }

    // MARK: The connection

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false),
        ]
    )
    func givenBackOrClosed(answer: String, isKept: Bool) async throws {
        let script: [ScriptedOrigin.Action] = [.request, .send(answer)]
        for options in [UpstreamHarness.Options(), Self.unkept] {
            let origin = try ScriptedOrigin([script + (isKept ? script : [.waitForEnd]), script])
            try await UpstreamHarness().withPool(origin.url(), options) { pool in
                let keeps = isKept && pool.keepsConnections
                #expect(pool.keepsConnections == (options.limits.idleMilliseconds > 0))
                for _ in 0..<2 {
                    #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
                    #expect(pool.connectionCount == (keeps ? 1 : 0))
                }
            }
            #expect(origin.connections == [0, isKept && options.limits.idleMilliseconds > 0 ? 0 : 1])
        }
    }

    @Test func endedBeforeTheAnswersEnd() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"
        let origin = try ScriptedOrigin([[.request, .send(answer), .waitForEnd], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            exchange.end()
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 0)
            let rest = try await exchange.text()
            #expect(rest.isEmpty)
            exchange.end()
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.connections == [0, 1])
    }

    @Test func goingAwayEndsIt() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"
        let origin = try ScriptedOrigin([[.request, .send(answer), .waitForEnd], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            var exchange: UpstreamExchange? = UpstreamExchange(pool: pool)
            try await exchange?.begin(.get)
            #expect(pool.connectionCount == 1)
            exchange = nil
            #expect(pool.connectionCount == 0)
        }
    }

    @Test func noTunnelWithoutAnUpgrade() async throws {
        let origin = try ScriptedOrigin([
            [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), .waitForEnd]
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            try await exchange.begin(.get)
            #expect(exchange.makeTunnel(.webSocket) == nil)
            #expect(!exchange.isComplete)
        }
    }

    // MARK: Kept connections that are stale

    /// The server closes the connection when the second request has come, as if it had been on its way.
    @Test(
        arguments: [(.close, true), (.reset, true), (.close, false), (.reset, false)]
            as [(ScriptedOrigin.Action, Bool)]
    )
    func stale(ending: ScriptedOrigin.Action, isRepeatable: Bool) async throws {
        let origin = try ScriptedOrigin([Self.ok + [.request, ending], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            let request = Request(method: isRepeatable ? .get : .post, isRepeatable: isRepeatable)
            let second = await Outcome.of(UpstreamExchange(pool: pool), request, "/second")
            #expect(second == (isRepeatable ? .answer(200, "hi") : .failure(.connectionLost)))
        }
        #expect(origin.connections == (isRepeatable ? [0, 0, 1] : [0, 0]))
        let line = isRepeatable ? "GET" : "POST"
        #expect(origin.requests.dropFirst().allSatisfy { $0.hasPrefix("\(line) /second ") })
    }

    /// Nor is one asked again that has begun to answer, nor a new connection.
    @Test(
        arguments: [
            (ok + [.request, .send("HTTP/1.1 2"), .close], .truncated(received: 0), [0, 0]),
            (
                ok + [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"), .close],
                .truncated(received: 2), [0, 0]
            ),
            (ok + [.request, .send("nonsense\r\n\r\n"), .close], nil, [0, 0]),
            (ok + [.request, .close], .connectionLost, [0, 0, 1]),
        ] as [([ScriptedOrigin.Action], UpstreamError.Cause?, [Int])]
    )
    func notAskedAgain(script: [ScriptedOrigin.Action], cause: UpstreamError.Cause?, connections: [Int])
        async throws
    {
        let origin = try ScriptedOrigin([script, [.request, .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), .get)
            if let cause {
                #expect(outcome == .failure(cause))
            } else if case .failure(.malformedAnswer) = outcome {
            } else {
                Issue.record("\(outcome)")
            }
            #expect(pool.connectionCount == 0)
        }
        #expect(origin.connections == connections)
    }

    // MARK: Time

    @Test func deadline() async throws {
        let origin = try ScriptedOrigin([[.request, .waitForEnd]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            var request = Request.get
            request.deadline = pool.context.loop.now + 1
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), request)
            // Even connecting may have taken that long.
            #expect([.failure(.timedOut(.total)), .failure(.timedOut(.connect))].contains(outcome))
            #expect(pool.connectionCount == 0)
        }
    }

    @Test func noAnswerInTime() async throws {
        let origin = try ScriptedOrigin([[.request, .waitForEnd]])
        let options = UpstreamHarness.Options.with { $0.timeouts.headMilliseconds = 1 }
        try await UpstreamHarness().withPool(origin.url(), options) { pool in
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .post) == .failure(.timedOut(.head)))
            #expect(pool.connectionCount == 0)
        }
        #expect(origin.connections.count <= 1)
    }
}
