import Synchronization
import Testing

@testable import CellucidGateway

@Suite struct BackendTests {
    @Test(
        arguments: [
            (nil, true, true, 1), (.first, true, false, 1), (.second, true, false, 1),
            (.third, false, true, 64),
        ] as [(ServerGeneration?, Bool, Bool, Int)]
    )
    func generations(
        generation: ServerGeneration?,
        isSerial: Bool,
        mayHaveWebSockets: Bool,
        limit: Int
    ) async throws {
        // Known from the beginning, or found out.
        let known = Backend(try BackendFixture.specification("a", generation: generation))
        let found = Backend(try BackendFixture.specification("b"))
        found.update { $0.generation = generation }
        for backend in [known, found] {
            #expect(backend.current.generation == generation)
            #expect(backend.isSerial == isSerial)
            #expect(backend.mayHaveWebSockets == mayHaveWebSockets)
            for _ in 0..<limit {
                #expect(!backend.turns.isBusy)
                try await backend.turns.enter(key: nil, urgency: .soon, until: .max)
            }
            #expect(backend.turns.isBusy)
        }
    }

    /// After a restart it may be of another generation.
    @Test func theDialectChanges() async throws {
        let backend = Backend(try BackendFixture.specification("a"))
        backend.update { $0.generation = .third }
        for _ in 0..<2 { try await backend.turns.enter(key: nil, urgency: .soon, until: .max) }
        #expect(!backend.turns.isBusy)
        backend.update { $0.generation = .second }
        #expect(backend.turns.isBusy)
        backend.turns.leave(key: nil)
        #expect(backend.turns.isBusy)
        backend.turns.leave(key: nil)
        #expect(!backend.turns.isBusy)
    }

    @Test func updates() throws {
        let backend = Backend(try BackendFixture.specification("a"), expires: 7)
        #expect(backend.current == Backend.State(expires: 7))
        #expect(!backend.update { _ in })
        #expect(!backend.update { $0.condition = .unknown })
        #expect(backend.update { $0.datasets = [.init(id: "d", name: "D", path: "/")] })
        #expect(backend.update { $0.expires = 8 })
        #expect(backend.current.expires == 8)
        #expect(backend.current.datasets.map(\.id) == ["d"])
    }

    @Test func serialNumbers() throws {
        let specification = try BackendFixture.specification("a")
        #expect(Set((0..<10).map { _ in Backend(specification).serial }).count == 10)
    }

    // MARK: Whether it answers

    /// What is noted, one after the other, and whether each is news.
    @Test(
        arguments: [
            (["answer"], [true]), (["answer", "answer"], [true, false]),
            (["refused", "refused", "lost"], [true, false, true]),
            (["answer", "refused", "answer", "answer"], [true, true, true, false]),
        ]
    )
    func news(notes: [String], expected: [Bool]) throws {
        let backend = Backend(try BackendFixture.specification("a"))
        #expect(backend.current.condition == .unknown)
        let news = notes.map { $0 == "answer" ? backend.noteAnswer() : backend.noteFailure($0) }
        #expect(news == expected)
        let last = try #require(notes.last)
        #expect(backend.current.condition == (last == "answer" ? .healthy : .unavailable(last)))
    }

    private func isDoubtful(_ backend: Backend) -> Bool { backend.isDoubtful.load(ordering: .relaxed) }

    /// One that answers again may have been started anew, with other datasets.
    @Test func doubt() throws {
        let backend = Backend(try BackendFixture.specification("a"))
        #expect(!isDoubtful(backend))
        backend.noteAnswer()
        #expect(isDoubtful(backend))
        backend.isDoubtful.store(false, ordering: .relaxed)
        backend.noteAnswer()
        #expect(!isDoubtful(backend), "it has answered all the time")
        backend.noteFailure("refused")
        #expect(!isDoubtful(backend))
        backend.noteAnswer()
        #expect(isDoubtful(backend))
    }

    // MARK: Health while it is busy

    @Test func keptHealth() async throws {
        let backend = Backend(try BackendFixture.specification("a"))
        let body = Array("{}".utf8)
        backend.noteAnswer()
        try await backend.turns.enter(key: nil, urgency: .soon, until: .max)
        #expect(backend.keptHealth(now: 0) == nil, "nothing is known")
        backend.keepHealth(body, now: 1000)
        #expect(backend.keptHealth(now: 1000) == body)
        #expect(backend.keptHealth(now: 60_999) == body)
        #expect(backend.keptHealth(now: 61_000) == nil, "it is too old")
        backend.keepHealth(Array("[]".utf8), now: 61_000)
        #expect(backend.keptHealth(now: 61_000) == Array("[]".utf8))
        backend.turns.leave(key: nil)
        #expect(backend.keptHealth(now: 61_000) == nil, "it is free and can answer itself")
    }

    @Test func noKeptHealthOfTheDead() async throws {
        let backend = Backend(try BackendFixture.specification("a"))
        try await backend.turns.enter(key: nil, urgency: .soon, until: .max)
        backend.keepHealth(Array("{}".utf8), now: 0)
        #expect(backend.keptHealth(now: 1) == nil, "it has not answered yet")
        backend.noteAnswer()
        #expect(backend.keptHealth(now: 1) != nil)
        backend.noteFailure("refused")
        #expect(backend.keptHealth(now: 1) == nil)
    }
}
