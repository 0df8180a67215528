import Bytes
import HTTP
import Reactor
import Telemetry
import Upstream
import WebApp

/// One web app: its builds on the disk, its origin, and what is known about both.
///
/// It belongs to the loop of the ``WebAppService``.
final class HostedWebApp {
    /// What became of a file that no build had.
    enum Missing: Sendable {
        case found(ServedAsset)
        /// The web app has no such file.
        case notFound
        /// Nobody knows; the text says why.
        case unavailable(String)
    }

    /// What the web apps of a service share.
    struct Environment {
        let loop: EventLoop
        let blockingPool: BlockingPool
        let log: Log
        let upstream: UpstreamContext
        let demoData: Configuration.DemoData
        let checkMilliseconds: Int64
        /// Told about files that have come while the first build is fetched; `nil` at the end.
        let showProgress: (BuildFetcher.Progress?) -> Void
    }

    /// Milliseconds before the first new attempt after a failure, and the longest time between two.
    private static let firstRetryMilliseconds: Int64 = 15_000
    private static let longestRetryMilliseconds: Int64 = 30 * 60_000
    /// How long the origin's page is believed to be the one that was seen.
    private static let pageMilliseconds: Int64 = 10_000
    /// How long a file is remembered not to exist.
    private static let absenceMilliseconds: Int64 = 60_000
    private static let rememberedAbsences = 4096
    /// Files that are fetched on demand at one time.
    private static let mostOnDemand = 64
    /// Files that are fetched at the same time when a build is.
    static let connections = 6

    /// How files are fetched.
    static var fetchSettings: Fetch.Settings {
        var settings = Fetch.Settings(userAgent: "cellucid-gateway/\(Version.current)")
        settings.bodyLimit = AssetFetcher.longestFile
        return settings
    }

    let name: String
    let origin: Origin?
    private let store: BuildStore
    private let environment: Environment
    private let publish: (WebAppView, WebAppStatus) -> Void
    private let files: AssetFetcher?
    private let pool: ConnectionPool?

    private var builds: OpenBuilds
    private var status: WebAppStatus
    private var absence = WebAppView.Absence.fetching(files: 0, bytes: 0)
    private var isReachable: Bool
    private var isChecking = false
    private var failures = 0
    private var nextCheck: Int64 = 0
    private var pageSeenAt = Int64.min
    private var absences: [String: Int64] = [:]
    private var onDemand: [String: Task<Missing, Never>] = [:]

    /// Begins with the builds that are on the disk.
    init(
        name: String,
        origin: Origin?,
        store: BuildStore,
        builds: OpenBuilds,
        environment: Environment,
        publish: @escaping (WebAppView, WebAppStatus) -> Void
    ) {
        self.name = name
        self.origin = origin
        self.store = store
        self.builds = builds
        self.environment = environment
        self.publish = publish
        pool = origin.map {
            var limits = ConnectionPool.Limits()
            limits.connections = Self.connections
            return ConnectionPool(origin: $0, context: environment.upstream, limits: limits)
        }
        if let origin, let pool {
            files = AssetFetcher(Fetch(pool: pool, settings: Self.fetchSettings), origin: origin)
        } else {
            files = nil
            absence = .failed("No build of the viewer \(name) has been imported.")
        }
        // Without an origin there is nobody who could serve the demo data either.
        isReachable = origin != nil
        status = WebAppStatus(name: name, origin: origin?.description)
    }

    // MARK: Builds

    /// Tells the event loops and the status what there is now.
    func show() {
        status.current = builds.current?.summary
        status.previous = builds.previous?.summary
        let view = WebAppView(
            origin: origin?.description ?? name,
            current: builds.current?.served(showsDemoData: showsDemoData),
            previous: builds.previous?.served(showsDemoData: showsDemoData),
            absence: absence
        )
        publish(view, status)
    }

    private var showsDemoData: Bool {
        switch environment.demoData {
        case .on: true
        case .off: false
        case .auto: isReachable
        }
    }

    /// Looks whether another process, a command or a gateway, has changed the builds on the disk.
    func noticeOtherProcesses() async {
        guard !isChecking else { return }
        let (store, builds) = (store, builds)
        guard let changed = await environment.blockingPool.run({ builds.changed(in: store) }) else { return }
        self.builds = changed
        if let problem = changed.problem { environment.log.error("the viewer: \(problem)") }
        absences = [:]
        show()
    }

    // MARK: Checking

    /// Looks for a newer build when it is time to.
    func checkWhenDue() async {
        guard environment.loop.now >= nextCheck else { return }
        await check()
    }

    /// Looks for a newer build, and fetches it.
    func check() async {
        guard let files, !isChecking else { return }
        isChecking = true
        defer { isChecking = false }
        let isFirst = builds.current == nil
        let fetcher = BuildFetcher(
            files,
            into: store,
            loop: environment.loop,
            blockingPool: environment.blockingPool,
            connections: Self.connections
        ) { [self] progress in
            status.fetching = (progress.files, progress.bytes)
            if isFirst {
                absence = .fetching(files: progress.files, bytes: progress.bytes)
                environment.showProgress(progress)
                // Every page that waits shows it; each file need not be told to every loop.
                if progress.files % 16 == 0 { show() }
            }
        }
        do throws(BuildFetchError) {
            // What somebody has deleted is fetched again, although it is still being served.
            let isStored = store.currentID() != nil
            let outcome = try await fetcher.run(current: isStored ? builds.current?.build : nil)
            await succeeded(outcome, files)
        } catch {
            failed(error)
        }
        if isFirst { environment.showProgress(nil) }
        status.fetching = nil
        status.lastCheck = Timestamp.text(unixMilliseconds: environment.loop.unixSeconds * 1000)
        show()
    }

    private func succeeded(_ outcome: BuildFetcher.Outcome, _ files: AssetFetcher) async {
        if !isReachable { environment.log.info("the viewer's origin \(files.origin) can be reached again") }
        isReachable = true
        failures = 0
        status.lastError = nil
        nextCheck = environment.loop.now + environment.checkMilliseconds
        pageSeenAt = environment.loop.now
        guard case .fetched = outcome else { return }
        let store = store
        let builds = builds
        if let changed = await environment.blockingPool.run({ builds.changed(in: store) }) {
            self.builds = changed
            absences = [:]
        }
        if let build = self.builds.current?.summary {
            environment.log.info(
                "the viewer is here: \(build.files) files, \(build.bytes / 1000) kB, build "
                    + "\(build.buildID ?? build.id) from \(files.origin)"
            )
        }
    }

    private func failed(_ error: BuildFetchError) {
        failures += 1
        let delay = Self.firstRetryMilliseconds << Int64(min(failures - 1, 10))
        nextCheck =
            environment.loop.now + min(delay, Self.longestRetryMilliseconds, environment.checkMilliseconds)
        status.lastError = error.description
        absence = .failed(error.description)
        guard isReachable else { return }
        isReachable = false
        if let build = builds.current?.summary {
            environment.log.warning(
                "the viewer of \(build.fetchedAt) is served and may be stale: \(error.description)"
            )
        } else {
            environment.log.warning("the viewer is not available: \(error.description)")
        }
    }

    // MARK: Files that no build has

    /// Fetches a file that the walk did not find, once for all who ask, and adds it to the build it belongs to.
    /// - Parameters:
    ///   - path: the file.
    ///   - build: the build that asks for it; `nil` for the current one.
    /// - Returns: the file, or why there is none.
    func fetchMissing(_ path: AssetPath, build: String?) async -> Missing {
        guard let current = builds.current else {
            if case .failed(let reason) = absence { return .unavailable(reason) }
            return .unavailable("the viewer is being fetched")
        }
        // Another loop may have asked just before the view with the file reached it.
        if build == nil || build == current.build.manifest.id,
            let known = current.served(showsDemoData: showsDemoData).asset(path.text)
        {
            return .found(known)
        }
        guard let files, !current.build.manifest.isInventoried,
            build == nil || build == current.build.manifest.id
        else { return .notFound }
        if let until = absences[path.text], environment.loop.now < until { return .notFound }
        if let running = onDemand[path.text] { return await running.value }
        guard onDemand.count < Self.mostOnDemand else {
            return .unavailable("too many files are being fetched")
        }
        let bound = LoopBound((self, files, current), loop: environment.loop)
        let task = Task(executorPreference: environment.loop) {
            let (app, files, current) = bound.value
            return await app.add(path, files, to: current)
        }
        onDemand[path.text] = task
        let result = await task.value
        onDemand[path.text] = nil
        return result
    }

    private func add(_ path: AssetPath, _ files: AssetFetcher, to current: OpenBuild) async -> Missing {
        do throws(BuildFetchError) {
            guard try await isStillCurrent(current, files) else { return .notFound }
            guard let file = try await files.file(path) else {
                if absences.count >= Self.rememberedAbsences { absences = [:] }
                absences[path.text] = environment.loop.now + Self.absenceMilliseconds
                return .notFound
            }
            let (store, build) = (store, current.build)
            let added = await environment.blockingPool.run { () -> Result<OpenBuild, BuildStoreError> in
                do throws(BuildStoreError) {
                    return .success(
                        try current.with(try store.add(to: build, path, file.content, brotli: file.brotli))
                    )
                } catch {
                    return .failure(error)
                }
            }
            switch added {
            case .failure(let error): throw .store(error)
            case .success(let grown):
                // Of two files that join at the same time, the second one's build has both.
                if let known = builds.current?.build, known.id == grown.build.id,
                    known.files.count < grown.build.files.count
                {
                    builds.current = grown
                }
                show()
                guard let asset = grown.served(showsDemoData: showsDemoData).asset(path.text) else {
                    return .notFound
                }
                return .found(asset)
            }
        } catch {
            return .unavailable(error.description)
        }
    }

    /// Whether the origin still has the build: a file of another one must not join it.
    private func isStillCurrent(_ current: OpenBuild, _ files: AssetFetcher) async throws(BuildFetchError)
        -> Bool
    {
        if environment.loop.now < pageSeenAt + Self.pageMilliseconds { return true }
        guard let page = try await files.file(.index) else { return false }
        guard current.isPage(page.content) else {
            nextCheck = environment.loop.now
            return false
        }
        pageSeenAt = environment.loop.now
        return true
    }

    /// Ends its connections.
    func close() { pool?.close() }
}
