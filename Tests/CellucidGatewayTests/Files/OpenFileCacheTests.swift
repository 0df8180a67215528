import Bytes
import Catalog
import Glibc
import Reactor
import Telemetry
import TestSupport
import Testing

@testable import CellucidGateway
@testable import Server

@Suite struct OpenFileCacheTests {
    /// Runs `body` on an event loop with a cache of few entries and a dataset with some files.
    private func run(
        _ budget: OpenFileCache.Budget = OpenFileCache.Budget(),
        _ body:
            @escaping @Sendable (OpenFileCache, ServedDataset, TemporaryDirectory, EventLoop) async throws ->
            Void
    ) async throws {
        let fixture = CatalogFixture()
        fixture.add("d", #"{"id": "d"}"#)
        for index in 0..<8 { fixture.folder.write("d/small-\(index)", "content \(index)") }
        for index in 0..<4 { fixture.folder.write("d/large-\(index)", [UInt8](repeating: 7, count: 100_000)) }
        let dataset = ServedDataset(try #require(try fixture.scan().datasets.first))
        let folder = fixture.folder
        let loop = try EventLoop()
        let thread = try Thread(name: "loop") { loop.run() }
        let pool = try BlockingPool(threadCount: 1)
        let sink = try LogSink.file(folder("log"))
        let log = Log(level: .info, format: .text, sink: sink)
        try await Task(executorPreference: loop) {
            let settings = HTTPServer.Settings(workers: 1, blockingPool: pool, log: log) { _, _ in NoHandler()
            }
            let context = WorkerContext(
                loop: loop,
                settings: settings,
                tls: nil,
                counters: settings.counters[0]
            )
            let cache = OpenFileCache(context: context, budget: budget)
            try await body(cache, dataset, folder, loop)
        }.value
        loop.stop()
        thread.join()
        pool.stop()
        sink.stop()
    }

    @Test func whatPathsLeadTo() async throws {
        try await run { cache, dataset, folder, _ in
            folder.write("d/sub/file", "x")
            symlink("../../", folder("d/out"))
            let small = try #require(await cache.file(dataset, "small-3"))
            guard case .memory(let bytes) = small.identity.content else {
                Issue.record("a small file is kept in memory")
                return
            }
            #expect(bytes == Array("content 3".utf8))
            let large = try #require(await cache.file(dataset, "large-0"))
            guard case .file(let file) = large.identity.content else {
                Issue.record("a large file is kept open")
                return
            }
            #expect(file.size == 100_000)
            #expect(await cache.kind(dataset, "sub") == "directory")
            #expect(await cache.kind(dataset, "missing") == "not found")
            #expect(await cache.kind(dataset, "out/secret") == "forbidden")
            #expect(await cache.kind(dataset, "sub/file") == "file")
        }
    }

    @Test func theSameEntryIsGivenAgain() async throws {
        try await run { cache, dataset, _, _ in
            let first = try #require(await cache.file(dataset, "small-0"))
            #expect(await cache.file(dataset, "small-0") === first)
            cache.remove(dataset, Array("small-0".utf8), 0..<7)
            let again = try #require(await cache.file(dataset, "small-0"))
            #expect(again !== first)
        }
    }

    @Test func fewEntriesAreKept() async throws {
        try await run(OpenFileCache.Budget(entries: 3)) { cache, dataset, _, _ in
            for round in 0..<3 {
                for index in 0..<8 {
                    let file = try #require(await cache.file(dataset, "small-\(index)"), "round \(round)")
                    #expect(await cache.file(dataset, "small-\(index)") === file, "the newest stays")
                }
            }
            weak let first = await cache.file(dataset, "small-0")
            for index in 1..<8 { _ = await cache.file(dataset, "small-\(index)") }
            #expect(first == nil, "what was not used for long has gone")
        }
    }

    @Test func fewDescriptorsAreKept() async throws {
        try await run(OpenFileCache.Budget(descriptors: 2)) { cache, dataset, _, _ in
            let small = try #require(await cache.file(dataset, "small-0"))
            weak let first = await cache.file(dataset, "large-0")
            for index in 1..<4 { _ = await cache.file(dataset, "large-\(index)") }
            #expect(first == nil, "its descriptor was closed")
            #expect(await cache.file(dataset, "small-0") === small, "what holds no descriptor stays")
        }
    }

    @Test func fewBytesAreKept() async throws {
        try await run(OpenFileCache.Budget(bytes: 20)) { cache, dataset, _, _ in
            weak let first = await cache.file(dataset, "small-0")
            for index in 1..<4 { _ = await cache.file(dataset, "small-\(index)") }
            #expect(first == nil)
        }
    }

    @Test func changesAreNoticedAfterAWhile() async throws {
        try await run { cache, dataset, folder, loop in
            let first = try #require(await cache.file(dataset, "small-1"))
            let kept = try #require(await cache.file(dataset, "small-2"))
            #expect(await cache.kind(dataset, "later") == "not found")
            folder.write("d/small-1", "other content")
            folder.write("d/later", "x")
            await loop.sleep(milliseconds: OpenFileCache.validMilliseconds + 1)
            let second = try #require(await cache.file(dataset, "small-1"))
            #expect(second !== first)
            #expect(second.version.size == 13)
            #expect(await cache.file(dataset, "small-2") === kept, "what has not changed stays")
            #expect(await cache.kind(dataset, "later") == "file")
            unlink(folder("d/small-1"))
            await loop.sleep(milliseconds: OpenFileCache.validMilliseconds + 1)
            #expect(await cache.kind(dataset, "small-1") == "not found")
        }
    }
}

/// Stands where a handler must be; no request comes.
private final class NoHandler: RequestHandler {
    func respondAtOnce(to exchange: Exchange) -> Bool { false }

    func respond(to exchange: Exchange) async {}
}

extension OpenFileCache {
    fileprivate func file(_ dataset: ServedDataset, _ path: String) async -> CachedFile? {
        let bytes = Array(path.utf8)
        if case .file(let file) = await lookup(dataset, bytes, 0..<bytes.count) { return file }
        return nil
    }

    fileprivate func kind(_ dataset: ServedDataset, _ path: String) async -> String {
        let bytes = Array(path.utf8)
        return switch await lookup(dataset, bytes, 0..<bytes.count) {
        case .file: "file"
        case .directory: "directory"
        case .notFound: "not found"
        case .forbidden: "forbidden"
        case .failed(let error): "\(error)"
        }
    }
}
