import TestSupport
import Testing

@testable import CellucidGateway

/// What a backend says of itself, as the servers of the three generations say it (contract 1.2, 7.4.1 and A.7).
@Suite struct BackendQuestionsTests {
    typealias Document = ScriptedBackend.Document
    typealias Listed = Backend.ListedDataset

    private static let health = #"{"status": "ok", "type": "exported", "version": "0.0.9"}"#
    private static let listing = #"{"datasets": [{"id": "ds1", "path": "/", "name": "DS one"}]}"#
    private static let protocolOfSecond = #"{"events":["click","hover"],"commands":["ping"]}"#
    private static let protocolOfThird =
        #"{"events":["click"],"commands":["ping"],"channel":"_cellucid/ws","binaryCommands":["highlight"]}"#

    private static func documents(
        health: String = health,
        protocol text: String? = nil,
        datasets: String = listing
    ) -> [String: Document] {
        var documents = [
            "/_cellucid/health": Document(body: health), "/_cellucid/datasets": Document(body: datasets),
        ]
        if let text { documents["/_cellucid/protocol"] = Document(body: text) }
        return documents
    }

    /// What was found out, in a form that can be compared.
    private struct Found: Sendable, Equatable {
        let generation: ServerGeneration
        let datasets: [Listed]
        let health: String
        var surplus = 0
    }

    private func ask(_ server: ScriptedBackend, generation: ServerGeneration? = nil) async throws -> Found {
        let specification = try BackendFixture.specification("lab", url: server.url, generation: generation)
        return try await ClientHarness().run { client in
            let findings = try await BackendQuestions.ask(
                Backend(specification),
                client,
                milliseconds: 60_000
            )
            return Found(
                generation: findings.generation,
                datasets: findings.datasets,
                health: String(decoding: findings.health, as: UTF8.self),
                surplus: findings.surplus
            )
        }
    }

    // MARK: The generations

    @Test(
        arguments: [
            (health, nil, listing, .first, [Listed(id: "ds1", name: "DS one", path: "/")]),
            (
                #"{"status":"ok","type":"exported","version":"0.9.3"}"#, protocolOfSecond,
                #"{"datasets":[{"id":"ds1","path":"/ds1/","name":"DS one"},{"id":"ds2","path":"/ds2/","name":"Two"}]}"#,
                .second,
                [
                    Listed(id: "ds1", name: "DS one", path: "/ds1/"),
                    Listed(id: "ds2", name: "Two", path: "/ds2/"),
                ]
            ),
            (
                #"{"status":"ok","type":"anndata","version":"0.9.5","format":"h5ad","n_cells":30,"n_genes":5}"#,
                protocolOfThird,
                #"{"datasets":[{"id":"t1","name":"T","anndata":{"file":{"url":"_cellucid/anndata/t1.h5ad","size":62080}}}]}"#,
                .third, [Listed(id: "t1", name: "T", path: "/")]
            ),
        ] as [(String, String?, String, ServerGeneration, [Listed])]
    )
    func generations(
        health: String,
        text: String?,
        datasets: String,
        generation: ServerGeneration,
        listed: [Listed]
    ) async throws {
        let server = try ScriptedBackend(Self.documents(health: health, protocol: text, datasets: datasets))
        let found = try await ask(server)
        #expect(found == Found(generation: generation, datasets: listed, health: health))
        let paths = ["health", "protocol", "datasets"].map { "GET /_cellucid/\($0)" }
        #expect(server.requests.map(\.line) == paths)
        // Its own name, as it refuses others, and no connection that would block it while it is idle.
        let host = String(server.url.dropFirst("http://".count))
        #expect(server.requests.allSatisfy { $0.host == host && $0.connection == "close" })
    }

    /// Whatever else the question about its dialect is answered is that of a server that does not know it.
    @Test(
        arguments: [
            (404, protocolOfThird), (500, protocolOfThird), (200, "<html>"), (200, "[]"), (200, ""),
            (204, ""),
        ] as [(UInt16, String)]
    )
    func noProtocol(status: UInt16, body: String) async throws {
        let server = try ScriptedBackend(Self.documents())
        server.set("/_cellucid/protocol", status, body)
        #expect(try await ask(server).generation == .first)
    }

    /// A dialect that was given is not asked for.
    @Test(arguments: ServerGeneration.allCases) func given(generation: ServerGeneration) async throws {
        let server = try ScriptedBackend(Self.documents(protocol: Self.protocolOfSecond))
        #expect(try await ask(server, generation: generation).generation == generation)
        #expect(server.requests.map(\.line) == ["GET /_cellucid/health", "GET /_cellucid/datasets"])
        let expected: String? = generation.isSerial ? "close" : nil
        #expect(server.requests.allSatisfy { $0.connection == expected })
    }

    // MARK: Listings

    @Test(
        arguments: [
            ("", []), (#"{"id":"a"}"#, [Listed(id: "a", name: "a", path: "/")]),
            (#"{"id":"a","name":""}"#, [Listed(id: "a", name: "a", path: "/")]),
            (#"{"id":"a","name":7,"path":"/x/"}"#, [Listed(id: "a", name: "a", path: "/x/")]),
            (#"{"id":"a","path":"/x y/é/"}"#, [Listed(id: "a", name: "a", path: "/x%20y/%C3%A9/")]),
            (#"{"id":"a","path":"/x%20y/"}"#, [Listed(id: "a", name: "a", path: "/x%2520y/")]),
            (#"{"id":"a","path":"/b?c#d/"}"#, [Listed(id: "a", name: "a", path: "/b%3Fc%23d/")]),
            (#"{"id":"a","path":null}"#, [Listed(id: "a", name: "a", path: "/")]),
            (#"{"id":"é\n"}"#, [Listed(id: "é\n", name: "é\n", path: "/")]),
            // Those that no page could open.
            (#"{"id":""}"#, []), (#"{"name":"a"}"#, []), (#"{"id":7}"#, []), ("7", []), ("null", []),
            ("[]", []),
            (#"{"id":"a","path":"x/"}"#, []), (#"{"id":"a","path":"/x"}"#, []),
            (#"{"id":"a","path":""}"#, []),
            (#"{"id":"a","path":"//evil/"}"#, []), (#"{"id":"a","path":"/x//"}"#, []),
            (#"{"id":"a","path":"http://e/"}"#, []),
            (#"{"id":""},{"id":"b"}"#, [Listed(id: "b", name: "b", path: "/")]),
        ] as [(String, [Listed])]
    )
    func listings(entries: String, expected: [Listed]) async throws {
        let server = try ScriptedBackend(Self.documents(datasets: "{\"datasets\":[\(entries)]}"))
        #expect(try await ask(server, generation: .third).datasets == expected)
    }

    // MARK: Servers of other kinds

    @Test(
        arguments: [
            ("/_cellucid/health", 404, "Not found"), ("/_cellucid/health", 500, health),
            ("/_cellucid/health", 200, #"{"status":"error"}"#), ("/_cellucid/health", 200, "{}"),
            ("/_cellucid/health", 200, #"["status"]"#), ("/_cellucid/health", 200, "<html>"),
            ("/_cellucid/health", 200, ""), ("/_cellucid/health", 301, health),
            ("/_cellucid/datasets", 404, listing),
            ("/_cellucid/datasets", 200, "{}"), ("/_cellucid/datasets", 200, #"{"datasets":{}}"#),
            ("/_cellucid/datasets", 200, "[]"), ("/_cellucid/datasets", 200, #"{"datasets":["#),
        ] as [(String, UInt16, String)]
    )
    func unexpected(path: String, status: UInt16, body: String) async throws {
        let server = try ScriptedBackend(Self.documents())
        server.set(path, status, body)
        let failure = await #expect(throws: BackendFailure.self) { try await ask(server) }
        #expect(failure?.status == .badGateway)
        #expect(
            failure?.reason == "it answers \(path) with status \(status) and not as a Cellucid server does"
        )
    }

    @Test func itself() async throws {
        let server = try ScriptedBackend(Self.documents())
        server.set("/_cellucid/health", 508, "The request leads back to this gateway.")
        let failure = await #expect(throws: BackendFailure.self) { try await ask(server) }
        #expect(failure?.status == .loopDetected)
        #expect(failure?.reason == "it leads back to this gateway")
    }

    @Test func nobodyListens() async throws {
        let port = try RefusingPort()
        let url = "http://127.0.0.1:\(port.number)"
        let backend = Backend(try BackendFixture.specification("lab", url: url))
        let harness = try ClientHarness()
        let failure = await #expect(throws: BackendFailure.self) {
            try await harness.run { client in
                _ = try await BackendQuestions.ask(backend, client, milliseconds: 60_000)
            }
        }
        #expect(failure?.status == .badGateway)
        #expect(failure?.isUndelivered == true)
        #expect(failure?.reason.hasPrefix("cannot connect: ") == true)
        #expect(backend.current.condition == .unavailable(failure?.reason ?? ""))
        #expect(harness.newsCount == 1)
        withExtendedLifetime(port) {}
    }

    @Test func answersAreNoted() async throws {
        let server = try ScriptedBackend(Self.documents())
        let backend = Backend(try BackendFixture.specification("lab", url: server.url))
        let harness = try ClientHarness()
        try await harness.run { client in
            for _ in 0..<2 {
                _ = try await client.ask(backend, "/_cellucid/health", milliseconds: 60_000)
            }
        }
        #expect(backend.current.condition == .healthy)
        #expect(harness.newsCount == 1, "one that answers all the time is no news")
    }

    /// Only all answers together say that a backend is well.
    @Test func questionsAreNotNoted() async throws {
        let server = try ScriptedBackend(Self.documents())
        let backend = Backend(try BackendFixture.specification("lab", url: server.url))
        let harness = try ClientHarness()
        try await harness.run { client in
            _ = try await BackendQuestions.ask(backend, client, milliseconds: 60_000)
        }
        #expect(backend.current.condition == .unknown)
        #expect(harness.newsCount == 0)
    }

    @Test func longListingsAreCut() async throws {
        let entry = "{\"id\":\"a\",\"path\":\"/a/\"}"
        let entries = repeatElement(entry, count: BackendQuestions.mostDatasets + 7).joined(separator: ",")
        let server = try ScriptedBackend(Self.documents(datasets: "{\"datasets\":[\(entries)]}"))
        let found = try await ask(server)
        #expect(found.datasets.count == BackendQuestions.mostDatasets)
        #expect(found.surplus == 7)
        let backend = Backend(try BackendFixture.specification("lab", url: server.url))
        backend.update {
            $0.datasets = found.datasets
            $0.condition = .healthy
        }
        let view = BackendView([backend])
        #expect(Set(view.entries.map(\.mount)).count == found.datasets.count)
        #expect(view.entries.last?.mount == "lab-a-\(found.datasets.count)")
    }
}
