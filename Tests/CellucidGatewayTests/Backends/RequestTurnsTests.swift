import Testing

@testable import CellucidGateway

/// In which order requests get their turn.
@Suite struct RequestTurnsTests {
    private typealias Urgency = RequestTurns.Urgency
    private typealias Refusal = RequestTurns.Refusal

    // MARK: Limits

    @Test(arguments: [1, 2, 64]) func soManyAtOnce(limit: Int) async throws {
        let line = TurnLine(limit: limit)
        for number in 0..<limit {
            #expect(!line.turns.isBusy)
            await line.join("\(number)")
        }
        #expect(line.turns.isBusy)
        #expect(line.started.count == limit)
        await line.join("next")
        await line.join("last")
        #expect(line.turns.waitingCount == 2)
        await line.leave("0")
        #expect(line.started.last == "next")
        #expect(line.turns.isBusy)
        #expect(line.turns.waitingCount == 1)
        await line.finish()
        #expect(line.turns.waitingCount == 0)
        #expect(!line.turns.isBusy)
    }

    @Test func moreAtOnce() async throws {
        let line = TurnLine(limit: 1)
        for name in ["a", "b", "c", "d"] { await line.join(name) }
        #expect(line.started == ["a"])
        line.turns.setLimit(3)
        await line.settle()
        #expect(line.started.sorted() == ["a", "b", "c"])
        // Fewer: those under way go on, the others wait until it is few enough.
        line.turns.setLimit(1)
        await line.leave("a")
        await line.leave("b")
        #expect(line.started.count == 3)
        await line.leave("c")
        #expect(line.started.last == "d")
        await line.finish()
    }

    // MARK: Order

    /// What waits while something else is under way, as `name urgency key`, and the order in which it goes.
    @Test(
        arguments: [
            (["a usual", "b usual", "c usual"], "abc"), (["a later", "b usual", "c soon"], "cba"),
            (["a usual", "b soon", "c usual", "d soon"], "bdac"),
            (["a later", "b later", "c usual", "d later"], "cabd"),
            // Of one key in order, whatever their urgencies.
            (["a later K", "b soon K"], "ab"), (["a usual K", "b soon K", "c usual K"], "abc"),
            // The urgent one lends its urgency to those before it, of its key only.
            (["a usual", "b later K", "c soon K"], "bca"), (["a usual K", "b later L", "c soon L"], "bca"),
            (["a later K", "b usual", "c later K", "d soon K"], "acdb"),
            (["a later K", "b soon", "c soon K"], "abc"), (["a later L", "b later K", "c usual K"], "bca"),
        ] as [([String], String)]
    )
    func order(waiting: [String], expected: String) async throws {
        let line = TurnLine(limit: 1)
        await line.join("first")
        for item in waiting {
            let words = item.split(separator: " ").map(String.init)
            let urgencies: [String: Urgency] = ["soon": .soon, "usual": .usual, "later": .later]
            let urgency = try #require(urgencies[words[1]])
            await line.join(words[0], key: words.count > 2 ? words[2] : nil, urgency)
        }
        await line.leave("first")
        await line.finish()
        #expect(line.started.dropFirst().joined() == expected)
    }

    /// One key has one turn at a time, however many there are.
    @Test func keysGoOneAfterTheOther() async throws {
        let line = TurnLine(limit: 8)
        await line.join("a1", key: "a", .later)
        await line.join("a2", key: "a", .soon)
        await line.join("a3", key: "a", .usual)
        await line.join("b1", key: "b", .later)
        await line.join("none", .later)
        #expect(line.started == ["a1", "b1", "none"])
        #expect(!line.turns.isBusy, "others need not wait")
        await line.leave("a1")
        #expect(line.started.last == "a2")
        await line.leave("b1")
        #expect(line.turns.waitingCount == 1)
        await line.leave("a2")
        #expect(line.started.last == "a3")
        await line.finish()
    }

    /// None waits for ever: now and then the one goes that has waited longest.
    @Test func theOldestGoesNowAndThen() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first", .soon)
        for number in 0..<3 { await line.join("hover \(number)", .later) }
        for number in 0..<40 { await line.join("\(number)", .soon) }
        await line.finish()
        #expect(line.started.count == 44)
        let places = line.started.indices.filter { line.started[$0].hasPrefix("hover") }
        #expect(places.map { line.started[$0] } == ["hover 0", "hover 1", "hover 2"])
        for (place, before) in zip(places, [0] + places) {
            #expect(
                (7...8).contains(place - before - 1),
                "so many urgent ones went before the one at \(place)"
            )
        }
    }

    /// The oldest that may go: not one whose key is under way.
    @Test func theOldestMayHaveToWait() async throws {
        let line = TurnLine(limit: 2)
        await line.join("k1", key: "k", .soon)
        await line.join("x", .soon)
        await line.join("k2", key: "k", .soon)
        for number in 0..<30 { await line.join("\(number)", .usual) }
        for _ in 0..<20 {
            let name = try #require(line.running.first { $0 != "k1" })
            await line.leave(name)
            #expect(!line.started.contains("k2"))
        }
        await line.leave("k1")
        #expect(line.started.last == "k2")
        await line.finish()
    }

    // MARK: Refusals

    @Test func full() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first")
        for number in 0..<RequestTurns.mostWaiting {
            await line.join("\(number)", number.isMultiple(of: 4) ? .later : .usual)
        }
        #expect(line.turns.waitingCount == RequestTurns.mostWaiting)
        await line.join("hover", .later)
        #expect(line.refused == ["hover": .full], "another hover has no place")
        for number in 0..<RequestTurns.mostWaiting / 4 {
            await line.join("urgent \(number)", number.isMultiple(of: 2) ? .soon : .usual)
            #expect(line.turns.waitingCount == RequestTurns.mostWaiting)
        }
        #expect(line.refused.count == 1 + RequestTurns.mostWaiting / 4)
        for number in 0..<RequestTurns.mostWaiting {
            #expect(line.refused["\(number)"] == (number.isMultiple(of: 4) ? .full : nil))
        }
        await line.join("too late", .soon)
        #expect(line.refused["too late"] == .full, "no hover is left to make room")
        await line.finish()
        #expect(line.started.count == 1 + RequestTurns.mostWaiting)
        #expect(!line.turns.isBusy)
    }

    @Test func timedOut() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first", until: 1)
        await line.join("a", until: 100)
        await line.join("b", until: 200)
        await line.join("c", until: 100)
        line.turns.expire(now: 99)
        #expect(line.turns.waitingCount == 3)
        line.turns.expire(now: 100)
        await line.settle()
        #expect(line.refused == ["a": .timedOut, "c": .timedOut])
        #expect(line.turns.waitingCount == 1)
        await line.leave("first")
        #expect(line.started == ["first", "b"], "who has a turn keeps it")
        line.turns.expire(now: 1_000_000)
        #expect(line.running == ["b"])
        await line.finish()
    }

    @Test func cancelled() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first", key: "k")
        await line.join("a", key: "k")
        await line.join("b", key: "k")
        line.cancel("a")
        await line.settle()
        #expect(line.refused == ["a": .cancelled])
        line.cancel("a")
        line.cancel("first")
        line.turns.cancel(.max)
        #expect(line.turns.waitingCount == 1)
        #expect(line.running == ["first"], "a turn that has begun is not ended")
        await line.leave("first")
        #expect(line.started == ["first", "b"])
        await line.finish()
    }

    /// The urgency that was lent goes with the one that lent it.
    @Test func cancelledLender() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first")
        await line.join("a", key: "k", .later)
        await line.join("b", .usual)
        await line.join("lender", key: "k", .soon)
        line.cancel("lender")
        await line.settle()
        await line.leave("first")
        #expect(line.started.last == "b")
        await line.finish()
    }

    @Test func closed() async throws {
        let line = TurnLine(limit: 1)
        await line.join("first")
        await line.join("a")
        await line.join("b", .soon)
        line.turns.close()
        await line.settle()
        #expect(line.refused == ["a": .closed, "b": .closed])
        await line.join("c")
        #expect(line.refused["c"] == .closed)
        await line.leave("first")
        await line.join("d")
        #expect(line.refused["d"] == .closed, "also when it is free")
        line.turns.close()
        #expect(line.started == ["first"])
        #expect(line.turns.waitingCount == 0)
    }

    @Test func tokensDiffer() {
        let tokens = Set((0..<100).map { _ in RequestTurns.makeToken() })
        #expect(tokens.count == 100)
    }
}
