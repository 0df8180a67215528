import Reactor
import Testing

@testable import Upstream

/// Connections are kept, bounded, and replaced when the server has closed them.
@Suite struct ConnectionPoolTests {
    private static let ok: [ScriptedOrigin.Action] = [
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ]

    /// Makes so many requests one after the other and says which connections brought them.
    private func connections(_ scripts: [[ScriptedOrigin.Action]], requests: Int = 2) async throws -> [Int] {
        let origin = try ScriptedOrigin(scripts)
        try await UpstreamHarness().fetch(origin.url()) { fetch, _ in
            for _ in 0..<requests {
                let response = try await fetch.get("/")
                #expect(response.status < 300)
            }
        }
        return origin.connections
    }

    @Test func connectionIsKept() async throws {
        #expect(try await connections([Self.ok + Self.ok + Self.ok], requests: 3) == [0, 0, 0])
    }

    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            // More than the answer: nobody knows what it belongs to.
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!",
            "HTTP/1.1 204 No Content\r\n\r\nhi",
        ]
    )
    func connectionIsNotKept(answer: String) async throws {
        #expect(try await connections([[.request, .send(answer), .request], Self.ok]) == [0, 1])
    }

    @Test func keepAliveOfHTTP10() async throws {
        let answer = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi"
        #expect(try await connections([[.request, .send(answer)] + Self.ok]) == [0, 0])
    }

    /// The server closes the connection when the second request has come, as if it had been on its way.
    @Test(arguments: [.close, .reset] as [ScriptedOrigin.Action])
    func staleConnection(ending: ScriptedOrigin.Action) async throws {
        #expect(try await connections([Self.ok + [.request, ending], Self.ok]) == [0, 0, 1])
    }

    /// A connection that closes after a part of the answer is a failure and no reason to ask at once again.
    @Test func brokenAnswerOnAKeptConnection() async throws {
        let origin = try ScriptedOrigin([Self.ok + [.request, .send("HTTP/1.1 2"), .close], Self.ok])
        let cause =
            try await UpstreamHarness().fetch(origin.url()) { fetch, _ in
                _ = try await fetch.get("/")
                do {
                    _ = try await fetch.get("/")
                    return nil
                } catch let error as UpstreamError {
                    return error.cause
                }
            } as UpstreamError.Cause?
        #expect(cause == .truncated(received: 0))
        #expect(origin.connections == [0, 0])
    }

    @Test func closedWhileIdle() async throws {
        let origin = try ScriptedOrigin([Self.ok + [.close], Self.ok])
        try await UpstreamHarness().fetch(origin.url()) { fetch, pool in
            _ = try await fetch.get("/")
            while pool.connectionCount > 0 { await pool.context.loop.sleep(milliseconds: 1) }
            _ = try await fetch.get("/")
        }
        #expect(origin.connections == [0, 1])
    }

    @Test func idleTimeIsOver() async throws {
        let origin = try ScriptedOrigin([Self.ok])
        let options = UpstreamHarness.Options.with { $0.limits.idleMilliseconds = 1 }
        try await UpstreamHarness().fetch(origin.url(), options) { fetch, pool in
            _ = try await fetch.get("/")
            #expect(pool.connectionCount == 1)
            while pool.connectionCount > 0 { await pool.context.loop.sleep(milliseconds: 10) }
        }
    }

    @Test func requestsWaitForTheirTurn() async throws {
        let script = (0..<20).flatMap { _ in Self.ok }
        let origin = try ScriptedOrigin([script])
        let options = UpstreamHarness.Options.with { $0.limits.connections = 2 }
        try await UpstreamHarness().fetch(origin.url(), options) { fetch, pool in
            let bound = LoopBound(fetch, loop: pool.context.loop)
            let tasks = (0..<20).map { number in
                Task(executorPreference: bound.loop) { try await bound.value.get("/\(number)").text }
            }
            for task in tasks {
                let text = try await task.value
                #expect(text == "hi")
            }
            #expect(pool.connectionCount == 2)
        }
        #expect(origin.requests.count == 20)
        #expect(Set(origin.connections) == [0, 1])
    }

    /// The connection comes back when the time of the first one that waits is over and its task has not run yet.
    @Test func aTurnThatComesTooLateIsTheNextOnes() async throws {
        let origin = try ScriptedOrigin([[.waitForEnd]])
        let options = UpstreamHarness.Options.with {
            $0.limits.connections = 1
            // The end of an idle connection is a turn, too.
            $0.limits.idleMilliseconds = 120_000
        }
        try await UpstreamHarness().withPool(origin.url(), options) { pool in
            let loop = pool.context.loop
            let bound = LoopBound(pool, loop: loop)
            let held = try await pool.take(until: .max)
            let deadline = loop.now + 50
            let waiting = [deadline, loop.now + 30_000].map { limit in
                Task(executorPreference: loop) { () -> UpstreamError.Cause? in
                    do throws(UpstreamError) {
                        let connection = try await bound.value.take(until: limit)
                        bound.value.giveBack(connection)
                        return nil
                    } catch {
                        return error.cause
                    }
                }
            }
            await loop.sleep(milliseconds: 1)
            // The timer of the first wait is older than this one of the same time, and is resumed just before it.
            await loop.sleep(milliseconds: deadline - loop.now)
            pool.giveBack(held)
            #expect(await waiting[0].value == .timedOut(.turn))
            #expect(await waiting[1].value == nil)
        }
    }

    @Test(arguments: [(waiting: 0, milliseconds: 600_000 as Int64), (1, 1)])
    func waitingIsLimited(limits: (waiting: Int, milliseconds: Int64)) async throws {
        let origin = try ScriptedOrigin([[.waitForEnd]])
        let options = UpstreamHarness.Options.with {
            $0.limits.connections = 1
            $0.limits.waiting = limits.waiting
            $0.limits.turnMilliseconds = limits.milliseconds
        }
        try await UpstreamHarness().withPool(origin.url(), options) { pool in
            let held = try await pool.take(until: .max)
            let error = await #expect(throws: UpstreamError.self) { _ = try await pool.take(until: .max) }
            #expect(error?.cause == .timedOut(.turn))
            pool.giveBack(held)
            pool.giveBack(try await pool.take(until: .max))
        }
    }

    @Test func closing() async throws {
        let origin = try ScriptedOrigin([[.request, .waitForEnd]])
        let options = UpstreamHarness.Options.with { $0.limits.connections = 1 }
        let causes =
            try await UpstreamHarness().fetch(origin.url(), options) { fetch, pool in
                let bound = LoopBound((fetch: fetch, pool: pool), loop: pool.context.loop)
                let waiting = Task(executorPreference: bound.loop) {
                    let pool = bound.value.pool
                    let held = try await pool.take(until: .max)
                    defer { pool.giveBack(held) }
                    let second = Task(executorPreference: bound.loop) { () -> UpstreamError.Cause? in
                        do {
                            _ = try await bound.value.fetch.get("/")
                            return nil
                        } catch {
                            return (error as? UpstreamError)?.cause
                        }
                    }
                    await bound.loop.yield()
                    await bound.loop.yield()
                    pool.close()
                    return await second.value
                }
                return try await waiting.value
            } as UpstreamError.Cause?
        #expect(causes == .cancelled)
    }

    // MARK: The state

    private final class Item {}

    @Test func state() {
        var state = PoolState<Item>(maximum: 2)
        let first = Item()
        let second = Item()
        #expect(state.takeIdle() == nil)
        #expect(describe(state.open()) == "open")
        #expect(describe(state.open()) == "open")
        #expect(describe(state.open()) == "wait")
        state.give(first)
        state.give(second)
        #expect(describe(state.open()) == "replace", "the one that was idle for longest makes room")
        #expect(state.takeIdle() === second)
        #expect(state.takeIdle() == nil)
        #expect(describe(state.open()) == "wait")
        state.lose()
        #expect(state.count == 1)
        state.give(first)
        state.loseIdle(second)
        #expect(state.count == 1)
        state.loseIdle(first)
        #expect(state.count == 0)
    }

    private func describe(_ turn: PoolState<Item>.Turn) -> String {
        switch turn {
        case .open(closing: nil): "open"
        case .open: "replace"
        case .wait: "wait"
        }
    }
}
