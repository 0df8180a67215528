import Bytes
import HTTP
import Reactor
import Testing

@testable import Upstream

/// Bodies of requests, answers that do not wait for them, and exchanges that nobody wants any more.
@Suite struct UpstreamExchangeBodyTests {
    private typealias Outcome = ExchangeOutcome
    private typealias Request = UpstreamExchange.Request
    private static let hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    private static let ok: [ScriptedOrigin.Action] = [.request, .send(hi)]
    private static let refusal = "HTTP/1.1 413 No\r\nContent-Length: 5\r\n\r\nlarge"
    private static let length = "Content-Length: 1000000\r\n"

    private static func post(_ feed: PieceFeed, isChunked: Bool = false) -> Request {
        var request = Request.post
        request.feed = feed
        request.isChunked = isChunked
        return request
    }

    // MARK: Whole bodies

    @Test(
        arguments: [
            (["hello"], false, "hello"), (["hello", " ", "world"], false, "hello world"),
            (["hello"], true, "5\r\nhello\r\n0\r\n\r\n"), ([], true, "0\r\n\r\n"),
            (["hello", "0123456789abcdef"], true, "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ] as [([String], Bool, String)]
    )
    func body(pieces: [String], isChunked: Bool, expected: String) async throws {
        let script: [ScriptedOrigin.Action] = [.request, .bytes(expected.utf8.count), .send(Self.hi)]
        let origin = try ScriptedOrigin([script + Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(pieces, loop: pool.context.loop)
            let outcome = await Outcome.of(
                UpstreamExchange(pool: pool),
                Self.post(feed, isChunked: isChunked)
            )
            #expect(outcome == .answer(200, "hi"))
            #expect(feed.pulls == pieces.count + 1)
            #expect(feed.stops == 0)
            #expect(pool.connectionCount == 1, "a request that was sent whole leaves the connection")
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.requests.dropFirst().first == expected)
        #expect(origin.connections == [0, 0, 0])
    }

    @Test func bodyAtHand() async throws {
        let origin = try ScriptedOrigin([[.request, .bytes(5), .send(Self.hi)] + Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let outcome = await Outcome.of(
                UpstreamExchange(pool: pool),
                .post,
                fields: "Content-Length: 5\r\n",
                body: "hello"
            )
            #expect(outcome == .answer(200, "hi"))
            #expect(pool.connectionCount == 1)
        }
        #expect(origin.requests.last == "hello")
    }

    @Test func largeBody() async throws {
        let piece = String(repeating: "0123456789abcdef", count: 4096)
        let origin = try ScriptedOrigin([[.request, .bytes(50 * piece.utf8.count), .send(Self.hi)]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed([String](repeating: piece, count: 50), loop: pool.context.loop)
            #expect(await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed)) == .answer(200, "hi"))
        }
        #expect(origin.requests.last == String(repeating: piece, count: 50))
    }

    // MARK: Interim answers

    private static let early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

    /// What comes unasked while the body is sent, or waited for, is no reason to stop (RFC 9110 section 15.2).
    @Test(
        arguments: [
            [.send("HTTP/1.1 100 Continue\r\n\r\n")], [.send(early + early)],
            [.send(String(repeating: early, count: 16))], [.drip(early, milliseconds: 1)],
            [.send(early), .bytes(5), .send(early)],
        ] as [[ScriptedOrigin.Action]],
        [false, true]
    )
    func interimAnswers(actions: [ScriptedOrigin.Action], isLarge: Bool) async throws {
        let piece = isLarge ? String(repeating: "0123456789abcdef", count: 4096) : "hello"
        let pieces = [String](repeating: piece, count: isLarge ? 50 : 3)
        let taken = actions.count > 1 ? 5 : 0
        let total = pieces.count * piece.utf8.count
        let origin = try ScriptedOrigin([[.request] + actions + [.bytes(total - taken), .send(Self.hi)]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let pause: Int64 = isLarge ? 0 : 50
            let feed = PieceFeed(pieces, pauseMilliseconds: pause, loop: pool.context.loop)
            #expect(await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed)) == .answer(200, "hi"))
            // The answer to a large body may come before the feed has said that it is over.
            if !isLarge {
                #expect(feed.stops == 0)
                #expect(feed.pulls == pieces.count + 1)
                #expect(pool.connectionCount == 1, "a request that was sent whole leaves the connection")
            }
        }
        let isWhole = origin.requests.dropFirst().joined() == pieces.joined()
        #expect(isWhole)
    }

    @Test func anEarlyAnswerAfterAnInterimOne() async throws {
        let origin = try ScriptedOrigin([
            [.request, .send(Self.early), .bytes(5), .send(Self.early + Self.refusal), .waitForEnd]
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(["hello"], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed), fields: Self.length)
            #expect(outcome == .answer(413, "large"))
            #expect(feed.stops == 1)
        }
    }

    /// Too many of them, or what is no answer, end the exchange while the body is still awaited.
    @Test(
        arguments: [
            ([.send(String(repeating: early, count: 17))], "there are too many interim answers"),
            (
                [
                    .send(String(repeating: early, count: 9)), .bytes(5),
                    .send(String(repeating: early, count: 9)),
                ],
                "there are too many interim answers"
            ), ([.send(early + "nonsense\r\n\r\n")], "the answer does not begin with HTTP/"),
            (
                [.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n folded\r\n\r\n")],
                "a header field is folded over two lines"
            ),
        ] as [([ScriptedOrigin.Action], String)]
    )
    func malformedInterimAnswers(actions: [ScriptedOrigin.Action], reason: String) async throws {
        let origin = try ScriptedOrigin([[.request] + actions + [.waitForEnd]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(["hello"], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed), fields: Self.length)
            #expect(outcome == .failure(.malformedAnswer(reason)))
            #expect(feed.stops <= 1)
            #expect(pool.connectionCount == 0)
        }
    }

    // MARK: Early answers

    /// The answer ends the wait for more of the body, and the connection carries no other request.
    @Test(arguments: [false, true]) func earlyAnswer(isChunked: Bool) async throws {
        let sent = isChunked ? "5\r\nhello\r\n" : "hello"
        let origin = try ScriptedOrigin([
            [.request, .bytes(sent.utf8.count), .send(Self.refusal), .waitForEnd], Self.ok,
        ])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(["hello"], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(
                UpstreamExchange(pool: pool),
                Self.post(feed, isChunked: isChunked),
                fields: Self.length
            )
            #expect(outcome == .answer(413, "large"))
            #expect(feed.stops == 1)
            #expect(pool.connectionCount == 0)
        }
    }

    /// One that comes before anything of the body was asked for.
    @Test func answerToTheHead() async throws {
        let origin = try ScriptedOrigin([[.request, .send(Self.refusal), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed([], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed), fields: Self.length)
            #expect(outcome == .answer(413, "large"))
            #expect(feed.stops <= 1)
        }
    }

    /// The feed is stopped then, too.
    @Test func endOfTheServerWhileTheBodyIsAwaited() async throws {
        let origin = try ScriptedOrigin([[.request, .bytes(5), .close]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(["hello"], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed), fields: Self.length)
            #expect(outcome == .failure(.connectionLost))
            #expect(feed.stops == 1)
            #expect(pool.connectionCount == 0)
        }
        #expect(origin.connections == [0, 0], "a request with a body is sent once")
    }

    @Test func resetWhileTheBodyIsSent() async throws {
        let origin = try ScriptedOrigin([[.request, .bytes(5), .reset]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(["hello"], .waiting, loop: pool.context.loop)
            let outcome = await Outcome.of(UpstreamExchange(pool: pool), Self.post(feed), fields: Self.length)
            #expect(outcome == .failure(.connectionLost))
            #expect(pool.connectionCount == 0)
        }
    }

    // MARK: Bodies that fail

    @Test(arguments: [[], ["hello"]]) func feedError(pieces: [String]) async throws {
        let origin = try ScriptedOrigin([[.request, .waitForEnd]])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let feed = PieceFeed(pieces, .failure, loop: pool.context.loop)
            let exchange = UpstreamExchange(pool: pool)
            let outcome = await Outcome.of(exchange, Self.post(feed), fields: Self.length)
            #expect(outcome == .feedFailure(.broken))
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 0, "the server must not take the part for the whole")
        }
    }

    // MARK: Cancelling

    @Test func cancelledBefore() async throws {
        let origin = try ScriptedOrigin([Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            exchange.cancel()
            #expect(await Outcome.of(exchange, .get) == .failure(.cancelled))
            #expect(exchange.isComplete)
            #expect(pool.connectionCount == 0, "there was no reason to connect")
        }
        #expect(origin.requests.isEmpty)
    }

    /// While the head, or the rest of the body, is awaited.
    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"])
    func cancelledWhileWaiting(sent: String) async throws {
        let origin = try ScriptedOrigin([[.request, .send(sent), .waitForEnd], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let loop = pool.context.loop
            let bound = LoopBound((exchange: UpstreamExchange(pool: pool), pool: pool), loop: loop)
            let waiting = Task(executorPreference: loop) {
                await Outcome.of(bound.value.exchange, .get)
            }
            while origin.requests.isEmpty { await loop.sleep(milliseconds: 1) }
            for _ in 0..<5 { await loop.sleep(milliseconds: 1) }
            bound.value.exchange.cancel()
            #expect(await waiting.value == .failure(.cancelled))
            #expect(bound.value.exchange.isComplete)
            #expect(pool.connectionCount == 0)
            let again = await Outcome.of(UpstreamExchange(pool: pool), .get)
            #expect(again == .answer(200, "hi"), "others are not cancelled with it")
        }
    }

    /// While the server takes nothing of the request.
    @Test func cancelledWhileSending() async throws {
        let origin = try ScriptedOrigin([[.request, .requests(2), .waitForEnd]])
        let options = UpstreamHarness.Options.with { $0.timeouts.stallMilliseconds = 10_000 }
        try await UpstreamHarness().withPool(origin.url(), options) { pool in
            let loop = pool.context.loop
            let bound = LoopBound(UpstreamExchange(pool: pool), loop: loop)
            let body = String(repeating: "0123456789abcdef", count: 2 << 20)
            let sending = Task(executorPreference: loop) {
                await Outcome.of(
                    bound.value,
                    .post,
                    fields: "Content-Length: \(body.utf8.count)\r\n",
                    body: body
                )
            }
            while origin.requests.isEmpty { await loop.sleep(milliseconds: 1) }
            await loop.sleep(milliseconds: 100)
            bound.value.cancel()
            #expect(await sending.value == .failure(.cancelled))
            #expect(bound.value.isComplete)
            #expect(pool.connectionCount == 0)
        }
    }

    /// A kept connection that turns out stale is no reason to go on after a cancel.
    @Test func cancelledWhileWaitingOnAKeptConnection() async throws {
        let origin = try ScriptedOrigin([Self.ok + [.request, .waitForEnd], Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let loop = pool.context.loop
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
            let bound = LoopBound(UpstreamExchange(pool: pool), loop: loop)
            let waiting = Task(executorPreference: loop) {
                await Outcome.of(bound.value, .get)
            }
            while origin.requests.count < 2 { await loop.sleep(milliseconds: 1) }
            bound.value.cancel()
            #expect(await waiting.value == .failure(.cancelled))
        }
        #expect(origin.connections == [0, 0])
    }

    @Test func cancelledAfterwards() async throws {
        let origin = try ScriptedOrigin([Self.ok + Self.ok])
        try await UpstreamHarness().withPool(origin.url()) { pool in
            let exchange = UpstreamExchange(pool: pool)
            #expect(await Outcome.of(exchange, .get) == .answer(200, "hi"))
            exchange.cancel()
            #expect(await Outcome.of(UpstreamExchange(pool: pool), .get) == .answer(200, "hi"))
        }
        #expect(origin.connections == [0, 0])
    }
}
