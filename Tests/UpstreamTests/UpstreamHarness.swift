import Reactor
import Transport

@testable import Upstream

/// An event loop on a thread of its own with everything a client needs.
final class UpstreamHarness: Sendable {
    let loop: EventLoop
    private let thread: Thread
    private let pool: BlockingPool

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

    /// What a test changes.
    struct Options: Sendable {
        var trust: TLSClientContext.Trust?
        var proxies = ProxySettings()
        var timeouts = UpstreamTimeouts()
        var limits = ConnectionPool.Limits()
        var settings = Fetch.Settings(userAgent: "test/1")

        /// Without any limit of time that a test could come to, however long one of its threads has to wait.
        init() {
            settings.retry.attempts = 1
            settings.retry.firstDelayMilliseconds = 1
            settings.totalMilliseconds = Self.patience
            timeouts.connectMilliseconds = Self.patience
            timeouts.tlsMilliseconds = Self.patience
            timeouts.headMilliseconds = Self.patience
            timeouts.stallMilliseconds = Self.patience
        }

        private static let patience: Int64 = 3_600_000

        static func with(_ change: (inout Options) -> Void) -> Options {
            var options = Options()
            change(&options)
            return options
        }
    }

    func context(_ options: Options) throws -> UpstreamContext {
        UpstreamContext(
            loop: loop,
            resolver: Resolver(loop: loop, pool: pool),
            tls: try options.trust.map { try TLSClientContext(trust: $0) },
            proxies: options.proxies,
            timeouts: options.timeouts
        )
    }

    /// Runs `body` on the loop with a pool of connections to `origin`.
    func fetch<Result: Sendable>(
        _ origin: String,
        _ options: Options = Options(),
        _ body: @escaping @Sendable (Fetch, ConnectionPool) async throws -> Result
    ) async throws -> Result {
        let task = Task(executorPreference: loop) { [self] in
            let pool = ConnectionPool(
                origin: try Origin(origin),
                context: try context(options),
                limits: options.limits
            )
            defer { pool.close() }
            return try await body(Fetch(pool: pool, settings: options.settings), pool)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// One GET.
    func get(
        _ origin: String,
        _ target: String = "/",
        _ options: Options = Options()
    ) async throws -> FetchedResponse {
        try await fetch(origin, options) { fetch, _ in try await fetch.get(target) }
    }

    /// The error of one GET; `nil` when it succeeds.
    func failure(
        _ origin: String,
        _ target: String = "/",
        _ options: Options = Options()
    ) async throws -> UpstreamError? {
        do {
            _ = try await get(origin, target, options)
            return nil
        } catch let error as UpstreamError {
            return error
        }
    }
}

extension FetchedResponse {
    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }
}
