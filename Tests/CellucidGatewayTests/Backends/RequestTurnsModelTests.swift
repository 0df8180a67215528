import TestSupport
import Testing
import Viewers

@testable import CellucidGateway

/// Turns against a simple model: whatever happens, none is lost and none is given twice.
@Suite struct RequestTurnsModelTests {
    /// A list of what waits, in the order in which it came.
    private struct Model {
        struct Item {
            let name: String
            let key: String?
            let urgency: RequestTurns.Urgency
            let deadline: Int64
        }

        var limit: Int
        var waiting: [Item] = []
        var running: [String: String?] = [:]

        /// Those that may go: the first of each key that has no turn, and all without a key.
        func candidates() -> [Item] {
            var seen = Set(running.values.compactMap { $0 })
            return waiting.filter { $0.key.map { seen.insert($0).inserted } ?? true }
        }

        /// How urgent it is, with what later ones of its key lend it.
        func urgency(_ item: Item) -> RequestTurns.Urgency {
            guard let key = item.key else { return item.urgency }
            return waiting.filter { $0.key == key }.map(\.urgency).min() ?? item.urgency
        }

        var mustStart: Bool { running.count < limit && !candidates().isEmpty }

        /// Whether giving the turn to `name` is right: the first of the most urgent ones, or the oldest.
        mutating func start(_ name: String) -> Bool {
            let candidates = candidates()
            let best = candidates.map { urgency($0) }.min()
            let isUrgent = candidates.first { urgency($0) == best }?.name == name
            guard running.count < limit, isUrgent || candidates.first?.name == name,
                let place = waiting.firstIndex(where: { $0.name == name })
            else { return false }
            running[name] = .some(waiting.remove(at: place).key)
            return true
        }

        /// The same for several that began together, whichever of them has said so first.
        mutating func start(_ names: [String]) -> Bool {
            var left = names
            while !left.isEmpty {
                guard let place = left.firstIndex(where: { start($0) }) else { return false }
                left.remove(at: place)
            }
            return true
        }
    }

    @Test(arguments: 0..<24 as Range<UInt64>) func noTurnIsLost(seed: UInt64) async throws {
        var numbers = SeededNumbers(seed: seed)
        let limits = [1, 1, 2, 5]
        var model = Model(limit: limits[Int(seed % 4)])
        let line = TurnLine(limit: model.limit)
        var seen = 0
        var now: Int64 = 0

        /// Compares what has happened with what should have.
        func check(_ doing: String) throws {
            let started = line.started
            let isRight = model.start(Array(started[seen...]))
            try #require(isRight, "\(doing): one of \(started[seen...]) got a turn that was not its own")
            seen = started.count
            try #require(!model.mustStart, "\(doing): nobody got the turn that is free")
            try #require(Set(line.running) == Set(model.running.keys), "\(doing)")
            try #require(line.turns.waitingCount == model.waiting.count, "\(doing)")
            try #require(line.turns.isBusy == (model.running.count >= model.limit), "\(doing)")
        }

        for step in 0..<300 {
            now += 1
            switch Int.random(in: 0..<20, using: &numbers) {
            case 0..<9:
                let key = [nil, nil, "a", "b", "c"].randomElement(using: &numbers) ?? nil
                let urgency =
                    [RequestTurns.Urgency.soon, .usual, .later].randomElement(using: &numbers) ?? .soon
                let deadline = now + Int64.random(in: 1...60, using: &numbers)
                let item = Model.Item(name: "\(step)", key: key, urgency: urgency, deadline: deadline)
                model.waiting.append(item)
                await line.join(item.name, key: key, urgency, until: deadline)
            case 9..<16:
                guard let name = model.running.keys.sorted().randomElement(using: &numbers) else { continue }
                model.running[name] = nil
                await line.leave(name)
            case 16:
                guard let item = model.waiting.randomElement(using: &numbers) else { continue }
                model.waiting.removeAll { $0.name == item.name }
                line.cancel(item.name)
                await line.settle()
                try #require(line.refused[item.name] == .cancelled)
            case 17, 18:
                let late = model.waiting.filter { $0.deadline <= now }
                model.waiting.removeAll { $0.deadline <= now }
                line.turns.expire(now: now)
                await line.settle()
                for item in late { try #require(line.refused[item.name] == .timedOut) }
            default:
                model.limit = Int.random(in: 1...4, using: &numbers)
                line.turns.setLimit(model.limit)
                await line.settle()
            }
            try check("step \(step)")
        }
        while let name = model.running.keys.sorted().first {
            model.running[name] = nil
            await line.leave(name)
            try check("end")
        }
        #expect(model.waiting.isEmpty)
        #expect(line.started.count + line.refused.count == Set(line.started + line.refused.keys).count)
        #expect(!line.turns.isBusy)
    }

    /// From many threads at once, with turns that end at once.
    @Test(arguments: [1, 3]) func manyThreads(limit: Int) async throws {
        let turns = RequestTurns(limit: limit)
        let watch = Overlaps()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var numbers = SeededNumbers(seed: UInt64(worker))
                    for _ in 0..<100 {
                        let key = ["a", "b", nil].randomElement(using: &numbers) ?? nil
                        let urgency: RequestTurns.Urgency = Bool.random(using: &numbers) ? .soon : .later
                        do {
                            let viewer = key.flatMap { ViewerID($0) }
                            try await turns.enter(key: viewer, urgency: urgency, until: .max)
                        } catch {
                            Issue.record("\(error)")
                            return
                        }
                        watch.enter(key)
                        await Task.yield()
                        watch.leave(key)
                        turns.leave(key: key.flatMap { ViewerID($0) })
                    }
                }
            }
        }
        #expect(watch.most <= limit)
        #expect(!watch.keysOverlapped)
        #expect(!turns.isBusy)
        #expect(turns.waitingCount == 0)
    }
}
