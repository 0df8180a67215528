import Bytes
import Reactor
import Synchronization
import Telemetry
import Upstream
import WebApp

/// Keeps the web apps current, on a thread and an event loop of its own, so that fetching and verifying a build never
/// comes between a request and its answer.
final class WebAppService: Sendable {
    /// A web app to be kept.
    struct App: Sendable {
        let name: String
        /// `nil` when its builds are only imported.
        let origin: Origin?
        let store: BuildStore
        /// The builds that are on the disk at the start.
        let builds: OpenBuilds
    }

    /// How often to look whether another process has changed the builds.
    private static let lookMilliseconds: Int64 = 5_000

    private let loop: EventLoop
    private let log: Log
    private let statuses = Mutex<[String: WebAppStatus]>([:])
    private let thread = Mutex<Thread?>(nil)
    private let apps: LoopBound<Apps>

    /// The apps, which belong to the loop.
    private final class Apps {
        var hosted: [String: HostedWebApp] = [:]
        var isStopping = false
    }

    /// Makes the service; nothing happens before ``start(_:blockingPool:configuration:makeUpstream:publish:)``.
    /// - Throws: `SystemError` when the system gives no event loop.
    init(log: Log) throws(SystemError) {
        loop = try EventLoop()
        apps = LoopBound(Apps(), loop: loop)
        self.log = log
    }

    /// Begins to keep the apps current.
    /// - Parameters:
    ///   - list: the apps.
    ///   - blockingPool: where the disk is waited for.
    ///   - configuration: how often to check, and the demo data.
    ///   - makeUpstream: makes what connections to origins share, on the service's loop.
    ///   - publish: called on the service's thread with the name of an app whose view has changed.
    /// - Throws: `SystemError` when the system gives no thread.
    func start(
        _ list: [App],
        blockingPool: BlockingPool,
        configuration: Configuration.WebApp,
        makeUpstream: @escaping @Sendable (EventLoop) -> UpstreamContext,
        publish: @escaping @Sendable (String, WebAppView) -> Void
    ) throws(SystemError) {
        let loop = loop
        Task(executorPreference: loop) { [self] in
            let environment = HostedWebApp.Environment(
                loop: loop,
                blockingPool: blockingPool,
                log: log,
                upstream: makeUpstream(loop),
                demoData: configuration.demoData,
                checkMilliseconds: Int64(configuration.checkHours) * 3_600_000,
                showProgress: WebAppProgress.show
            )
            for app in list {
                let hosted = HostedWebApp(
                    name: app.name,
                    origin: app.origin,
                    store: app.store,
                    builds: app.builds,
                    environment: environment
                ) { [self] view, status in
                    statuses.withLock { $0[app.name] = status }
                    publish(app.name, view)
                }
                apps.value.hosted[app.name] = hosted
                hosted.show()
                keepCurrent(hosted)
            }
        }
        let thread = try Thread(name: "web-app") { loop.run() }
        self.thread.withLock { $0 = thread }
    }

    private func keepCurrent(_ app: HostedWebApp) {
        let bound = LoopBound((app, apps), loop: loop)
        let loop = loop
        Task(executorPreference: loop) {
            let (app, apps) = bound.value
            while !apps.value.isStopping {
                await app.checkWhenDue()
                await loop.sleep(milliseconds: Self.lookMilliseconds)
                await app.noticeOtherProcesses()
            }
        }
    }

    /// Fetches a file that is in no build.
    ///
    /// May be called on any event loop.
    func fetchMissing(_ path: String, app: String, build: String?) async -> HostedWebApp.Missing {
        guard let path = AssetPath(path) else { return .notFound }
        let (loop, apps) = (loop, apps)
        return await Task(executorPreference: loop) {
            guard let hosted = apps.value.hosted[app] else { return .notFound }
            return await hosted.fetchMissing(path, build: build)
        }.value
    }

    /// Whether a path can be one of the web app's.
    static func isPartOfWebApp(_ path: Span<UInt8>) -> Bool { AssetPath.isPartOfWebApp(path) }

    /// Looks for newer builds now.
    func checkNow() {
        let (loop, apps) = (loop, apps)
        Task(executorPreference: loop) {
            for app in apps.value.hosted.values {
                await app.noticeOtherProcesses()
                await app.check()
            }
        }
    }

    /// `/_gateway/web-app`.
    var document: String {
        let all = statuses.withLock { $0.values.sorted { $0.name < $1.name } }
        return JSONText.object(["apps": JSONText.array(all.map(\.json))])
    }

    /// What the overview page says about the usual viewer.
    var sentence: String? { statuses.withLock { $0[Configuration.WebApp.usualName]?.sentence } }

    /// Ends everything; a build that is being fetched is given up.
    func stop() {
        let (loop, apps) = (loop, apps)
        Task(executorPreference: loop) {
            apps.value.isStopping = true
            for app in apps.value.hosted.values { app.close() }
            loop.stop()
        }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }
}
