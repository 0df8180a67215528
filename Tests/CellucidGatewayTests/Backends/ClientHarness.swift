import Reactor
import Synchronization
import TestSupport
import Upstream

@testable import CellucidGateway

/// An event loop on a thread of its own with what asks backends.
final class ClientHarness: Sendable {
    private let loop: EventLoop
    private let thread: Thread
    private let pool: BlockingPool
    private let folder = TemporaryDirectory()
    private let news = Mutex(0)

    /// How often a backend has begun or ceased to answer.
    var newsCount: Int { news.withLock { $0 } }

    init() throws {
        let loop = try EventLoop()
        self.loop = loop
        thread = try Thread(name: "client") { loop.run() }
        pool = try BlockingPool(threadCount: 1)
    }

    deinit {
        loop.stop()
        thread.join()
        pool.stop()
    }

    /// Runs `body` on the loop.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (BackendClient) async throws -> Result
    ) async throws -> Result {
        try await Task(executorPreference: loop) { [self] in
            let client = BackendClient(
                context: UpstreamContext(loop: loop, resolver: Resolver(loop: loop, pool: pool), tls: nil),
                queueMilliseconds: 60_000,
                via: Array("gateway-test".utf8),
                spoolFolders: [folder.path],
                noteNews: { [weak self] in self?.news.withLock { $0 += 1 } }
            )
            defer { client.keepOnly([]) }
            return try await body(client)
        }.value
    }
}
