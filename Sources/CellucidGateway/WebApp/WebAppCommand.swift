import Reactor
import Synchronization
import Upstream
import WebApp

/// `gateway web-app`: fetches, exports and imports builds of the viewer without serving anything; a gateway that uses the
/// same cache folder notices within seconds.
enum WebAppCommand {
    /// Does it, and prints a line about the result.
    /// - Throws: ``StartupError`` with one line about what is wrong.
    static func run(
        _ action: WebAppAction,
        _ configuration: Configuration,
        environment: [String: String]
    ) throws(StartupError) {
        guard let app = WebAppParts.all(configuration).first(where: { $0.name == action.app }) else {
            throw StartupError(.usage, "no web app is called \"\(action.app)\"; see --web-app")
        }
        let directory = WebAppParts.directory(app.name, configuration)
        let store = try explained { () throws(BuildStoreError) in try BuildStore(directory: directory) }
        switch action {
        case .update:
            report(try update(app, store, configuration, environment))
        case .export(let file, _):
            guard let build = try current(store) else {
                throw StartupError(
                    .startupFailed,
                    "there is no build of the viewer to export; try gateway web-app update"
                )
            }
            try explained { () throws(BuildStoreError) in try BuildArchive.export(build, to: file) }
            Terminal.write("\(file): \(summary(build))\n", to: .output)
        case .load(let path, _):
            let build = try explained { () throws(BuildStoreError) in try BuildArchive.load(path, into: store)
            }
            Terminal.write("imported \(summary(build))\n", to: .output)
        }
    }

    private static func explained<Value>(
        _ body: () throws(BuildStoreError) -> Value
    ) throws(StartupError) -> Value {
        do throws(BuildStoreError) { return try body() } catch {
            throw StartupError(.startupFailed, error.description)
        }
    }

    private static func current(_ store: BuildStore) throws(StartupError) -> Build? {
        let contents = try explained { () throws(BuildStoreError) in try store.open() }
        for damage in contents.damages { Terminal.write("gateway: warning: \(damage)\n", to: .error) }
        return contents.current
    }

    private static func report(_ result: (build: Build, isNew: Bool)) {
        Terminal.write("\(result.isNew ? "fetched" : "up to date:") \(summary(result.build))\n", to: .output)
    }

    private static func summary(_ build: Build) -> String {
        let bytes = build.manifest.files.reduce(0) { $0 + $1.bytes }
        return "build \(build.manifest.buildID ?? build.id) of the viewer from \(build.manifest.origin), "
            + "\(build.manifest.files.count) files, \(bytes / 1000) kB"
    }

    // MARK: Fetching

    /// What a fetch on the loop came to.
    private final class Outcome: Sendable {
        let result = Mutex<Result<(Build, Bool), StartupError>?>(nil)
    }

    private static func update(
        _ app: WebAppParts.Named,
        _ store: BuildStore,
        _ configuration: Configuration,
        _ environment: [String: String]
    ) throws(StartupError) -> (build: Build, isNew: Bool) {
        guard let origin = app.origin else {
            throw StartupError(.usage, "the web app \(app.name) has no origin, it is only imported")
        }
        let makeUpstream = try WebAppParts.upstream(configuration, environment, nil)
        let (loop, pool) = try parts()
        let outcome = Outcome()
        Task(executorPreference: loop) {
            let result = await fetch(origin, store, makeUpstream(loop), loop, pool)
            outcome.result.withLock { $0 = result }
            loop.stop()
        }
        loop.run()
        pool.stop()
        guard let result = outcome.result.withLock({ $0 }) else {
            throw StartupError(.startupFailed, "the fetch was given up")
        }
        return try result.get()
    }

    private static func parts() throws(StartupError) -> (EventLoop, BlockingPool) {
        do throws(SystemError) {
            return (try EventLoop(), try BlockingPool(threadCount: 2))
        } catch {
            throw StartupError(.startupFailed, "\(error)\(StartupParts.hint(error))")
        }
    }

    private static func fetch(
        _ origin: Origin,
        _ store: BuildStore,
        _ upstream: UpstreamContext,
        _ loop: EventLoop,
        _ blockingPool: BlockingPool
    ) async -> Result<(Build, Bool), StartupError> {
        let connections = ConnectionPool(origin: origin, context: upstream)
        defer { connections.close() }
        let fetcher = BuildFetcher(
            AssetFetcher(Fetch(pool: connections, settings: HostedWebApp.fetchSettings), origin: origin),
            into: store,
            loop: loop,
            blockingPool: blockingPool,
            connections: HostedWebApp.connections,
            onProgress: WebAppProgress.show
        )
        defer { WebAppProgress.show(nil) }
        let known: Build?
        do throws(StartupError) { known = try current(store) } catch { return .failure(error) }
        do throws(BuildFetchError) {
            switch try await fetcher.run(current: known) {
            case .fetched(let build): return .success((build, true))
            case .unchanged:
                guard let known else { preconditionFailure("only a build that is here can be unchanged") }
                return .success((known, false))
            }
        } catch {
            return .failure(StartupError(.startupFailed, error.description))
        }
    }
}
