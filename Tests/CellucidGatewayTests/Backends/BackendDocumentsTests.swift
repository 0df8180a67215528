import Reactor
import TestSupport
import Testing

@testable import CellucidGateway

@Suite struct BackendDocumentsTests {
    private func document(_ backend: Backend) throws -> JSON {
        try JSON(Array(BackendDocuments.document(backend).utf8))
    }

    private func entries(_ backend: Backend) throws -> [JSON] {
        try BackendDocuments.catalogEntries(backend).map { try JSON(Array($0.utf8)) }
    }

    @Test func configured() throws {
        let specification = try BackendFixture.specification(
            "lab",
            url: "unix:/run/lab.sock",
            isConfigured: true
        )
        let expected: JSON = .object([
            "mount": .string("lab"), "url": .string("unix:/run/lab.sock"), "name": .string("lab"),
            "source": .string("configured"), "generation": .null, "state": .string("unknown"),
            "reason": .null,
            "waiting": .number(0), "expiresIn": .null, "datasets": .array([]),
        ])
        #expect(try document(Backend(specification)) == expected)
    }

    @Test func registered() throws {
        let specification = try BackendFixture.specification(
            "lab",
            url: "https://Example.org:443/",
            name: "The \"lab\"\n",
            generation: .second
        )
        let backend = Backend(specification, expires: Clock.monotonicMilliseconds() + 3_600_999)
        backend.noteAnswer()
        backend.update { $0.datasets = [.init(id: "a\u{1}", name: "é", path: "/x%20y/")] }
        let document = try document(backend)
        #expect(document["url"] == .string("https://example.org"))
        #expect(document["name"] == .string("The \"lab\"\n"))
        #expect(document["source"] == .string("registered"))
        #expect(document["generation"] == .string("0.9.1"))
        #expect(document["state"] == .string("healthy"))
        #expect(document["reason"] == .null)
        guard case .number(let seconds) = document["expiresIn"] else {
            Issue.record("no expiresIn")
            return
        }
        #expect((3000...3600).contains(seconds) && seconds == seconds.rounded())
        #expect(
            document["datasets"]
                == .array([
                    .object(["id": .string("a\u{1}"), "name": .string("é"), "path": .string("/x%20y/")])
                ])
        )
    }

    @Test func unavailableAndOver() throws {
        let backend = Backend(try BackendFixture.specification("lab"), expires: 0)
        backend.noteFailure("cannot connect: \"refused\"")
        let document = try document(backend)
        #expect(document["state"] == .string("unavailable"))
        #expect(document["reason"] == .string("cannot connect: \"refused\""))
        #expect(document["expiresIn"] == .number(0), "never less than none")
    }

    @Test func waiting() async throws {
        let backend = Backend(try BackendFixture.specification("lab"))
        try await backend.turns.enter(key: nil, urgency: .soon, until: .max)
        let waiting = Task { try await backend.turns.enter(key: nil, urgency: .soon, until: .max) }
        while backend.turns.waitingCount == 0 { await Task.yield() }
        #expect(try document(backend)["waiting"] == .number(1))
        backend.turns.close()
        await #expect(throws: RequestTurns.Refusal.closed) { try await waiting.value }
    }

    @Test func list() throws {
        #expect(BackendDocuments.list([]) == #"{"backends":[]}"#)
        let backends = try ["a", "b"].map { try BackendFixture.backend($0) }
        let list = try JSON(Array(BackendDocuments.list(backends).utf8))
        #expect(list.keys == ["backends"])
        #expect(list["backends"]?.elements.map { $0["mount"]?.text } == ["a", "b"])
        #expect(list["backends"]?.elements.first == (try document(backends[0])))
    }

    // MARK: The catalogue

    @Test func catalogueOfOneThatAnswers() throws {
        let backend = try BackendFixture.backend("lab", paths: ["/", "/b/"])
        func entry(_ path: String) -> JSON {
            .object([
                "mount": .string("lab"), "id": .string("id \(path)"), "name": .string("name \(path)"),
                "kind": .string("upstream"), "url": .string("http://127.0.0.1:8766"), "path": .string(path),
                "state": .string("ready"),
            ])
        }
        #expect(try entries(backend) == [entry("/"), entry("/b/")])
        backend.noteFailure("refused")
        let dead = try entries(backend)
        #expect(dead.map { $0["state"]?.text } == ["unavailable", "unavailable"])
        #expect(dead.map { $0["reason"]?.text } == ["refused", "refused"])
        #expect(dead.map { $0["id"]?.text } == ["id /", "id /b/"], "what was known of it stays")
    }

    @Test(arguments: [(nil, "lab"), ("The lab", "The lab")] as [(String?, String)])
    func catalogueOfOneThatWasNotAsked(name: String?, shown: String) throws {
        let entries = try entries(Backend(try BackendFixture.specification("lab", name: name)))
        #expect(entries.count == 1)
        #expect(entries.first?["id"] == .null)
        #expect(entries.first?["name"] == .string(shown))
        #expect(entries.first?["path"] == .string("/"))
        #expect(entries.first?["state"] == .string("unavailable"))
        #expect(entries.first?["reason"] == .string("It has not answered yet."))
    }
}
