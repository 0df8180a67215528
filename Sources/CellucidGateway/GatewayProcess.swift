import Catalog
import Glibc
import Reactor
import Server
import Synchronization
import Telemetry
import Transport

/// The running gateway: builds every part, and owns the order in which they start, reload and stop.
final class GatewayProcess: Sendable {
    private struct State {
        var configuration: Configuration
        var tls: TLSContext?
        var snapshot: CatalogSnapshot
    }

    private let readInvocation: @Sendable () throws(StartupError) -> Invocation
    private let log: Log
    private let sinks: [LogSink]
    private let server: HTTPServer
    private let blockingPool: BlockingPool
    private let state: Mutex<State>
    private let roots: LiveRoots
    private let webApps: WebAppHost?
    private let backends: BackendHost
    private let viewers: ViewerService
    /// Held while requests are given another view of datasets and backends, so that the newest comes last.
    ///
    /// It is what was last said to be wrong with the datasets of running servers.
    private let publishing = Mutex<[String]>([])

    /// Starts everything.
    /// - Parameters:
    ///   - configuration: what the user wants.
    ///   - environment: the variables of the process.
    ///   - readInvocation: reads the configuration again, for a reload.
    /// - Throws: why the gateway cannot start.
    init(
        configuration: Configuration,
        environment: [String: String],
        readInvocation: @escaping @Sendable () throws(StartupError) -> Invocation
    ) throws(StartupError) {
        self.readInvocation = readInvocation
        let descriptors = DescriptorLimit.raise()
        let tls = try StartupParts.tls(configuration, previous: nil)
        let scanner = StartupParts.scanner(configuration)
        let snapshot = try StartupParts.scan(
            scanner,
            mayBeEmpty: !configuration.upstreams.servers.isEmpty
        )
        let logs = try StartupParts.logs(configuration)
        log = logs.log
        sinks = logs.sinks
        let workers = configuration.workers ?? Processors.available
        do throws(SystemError) {
            blockingPool = try BlockingPool(threadCount: 4)
        } catch {
            throw StartupError(.startupFailed, "cannot start threads: \(error)\(StartupParts.hint(error))")
        }
        let log = log
        let temporaryFolder = StartupParts.temporaryFolder(environment)
        let gzipStore: GzipStore?
        do throws(SystemError) {
            gzipStore = try GzipStore(folder: configuration.cacheDirectory + "/gzip")
        } catch {
            gzipStore = nil
            log.warning(
                "the cache directory \(configuration.cacheDirectory) cannot be used (\(error.reason)): large files "
                    + "are sent uncompressed, and large bodies for servers that take one request at a time wait in "
                    + "\(temporaryFolder); see --cache-dir"
            )
        }
        let webApps =
            configuration.webApp.isDisabled
            ? nil : try WebAppHost(configuration, environment: environment, log: log)
        self.webApps = webApps
        let backends = try BackendHost(
            configuration,
            temporaryFolder: temporaryFolder,
            blockingPool: blockingPool,
            log: log
        )
        self.backends = backends
        let viewers: ViewerService
        do throws(SystemError) {
            viewers = try ViewerService(
                directory: configuration.stateDirectory,
                basePath: configuration.basePath,
                log: log
            )
        } catch {
            throw StartupError(.startupFailed, "cannot start threads: \(error)\(StartupParts.hint(error))")
        }
        self.viewers = viewers
        let adminGuard = try AdminGuard(configuration.admin)
        let hostGuard = Self.hostGuard(configuration, tls)
        let view = CatalogView(
            snapshot,
            backends: BackendView(backends.table.all, besides: Set(snapshot.datasets.map(\.mount))),
            webApp: configuration.webApp(of:)
        )
        let basePath = Array(configuration.basePath.utf8)
        let cacheBudget = OpenFileCache.Budget(
            bytes: max(16, 256 / workers) * 1024 * 1024,
            descriptors: max(64, min(16_384, descriptors / 4 / workers))
        )
        let host = configuration.host
        let startedSeconds = Clock.unixSeconds()
        let roots = LiveRoots(scanner)
        self.roots = roots
        let settings = HTTPServer.Settings(
            workers: workers,
            limits: StartupParts.limits(configuration, workers: workers),
            blockingPool: blockingPool,
            log: log,
            accessLog: logs.access,
            trustedProxies: TrustedProxies(configuration.trustedProxies.compactMap { IPNetwork($0) })
        ) { context, address in
            let site = GatewayHandler.Site(
                basePath: basePath,
                health: Array(CellucidDocuments.health().utf8),
                info: Array(CellucidDocuments.info(host: host, port: address.port).utf8),
                gzipStore: gzipStore,
                cacheBudget: cacheBudget,
                startedSeconds: startedSeconds,
                roots: roots,
                webAppService: webApps?.service,
                webApps: webApps?.views ?? [:],
                webAppNames: configuration.webAppNames,
                backends: backends,
                viewers: viewers,
                adminGuard: adminGuard
            )
            return GatewayHandler(site: site, hostGuard: hostGuard, catalog: view, context: context)
        }
        server = try PortChoice.listen(configuration, tls: tls, settings: settings)
        try StartupParts.open(viewers, configuration, port: server.address.port)
        server.start()
        state = Mutex(State(configuration: configuration, tls: tls, snapshot: snapshot))
        Banner.show(configuration, server.address, snapshot, workers: workers, log)
        for warning in tls?.warnings ?? [] { log.warning(warning) }
        if descriptors < 4096 + snapshot.datasets.count {
            log.warning(
                "only \(descriptors) files may be open at once; raise the limit (ulimit -n, LimitNOFILE)"
            )
        }
        watch(scanner, snapshot, configuration)
        do throws(SystemError) {
            try backends.monitor.start(
                makeClient: backends.makeClient,
                publish: { [self] in republish() },
                removed: { viewers.lost(upstream: $0.specification.mount) }
            )
        } catch {
            throw StartupError(.startupFailed, "cannot start a thread: \(error)")
        }
        let server = server
        try webApps?.start(configuration, blockingPool: blockingPool) { name, view in
            server.update { handler in (handler as? GatewayHandler)?.replace(webApp: name, view) }
        }
    }

    private static func hostGuard(_ configuration: Configuration, _ tls: TLSContext?) -> HostGuard {
        HostGuard(
            host: configuration.host,
            allowed: configuration.allowedHosts,
            certificateNames: tls?.certificateNames ?? []
        )
    }

    // MARK: Life

    /// Steers the gateway by signals until it is told to stop: SIGHUP reloads, SIGTERM and SIGINT stop.
    func run(_ signals: Signals) {
        while true {
            guard signals.next() == SIGHUP else {
                break
            }
            reload()
        }
        stop(signals)
    }

    /// Ends in order; another signal meanwhile ends the process at once.
    private func stop(_ signals: Signals) {
        let seconds = state.withLock { $0.configuration.timeouts.shutdownSeconds }
        log.info("stopping; requests under way have \(seconds) s to finish")
        _ = try? Thread(name: "signals") {
            while signals.next() == SIGHUP {}
            exit(ExitCode.ok.rawValue)
        }
        server.stop(milliseconds: Int64(seconds) * 1000)
        webApps?.service.stop()
        backends.monitor.stop()
        roots.stopWatching()
        viewers.stop()
        blockingPool.stop()
        log.info("stopped")
        for sink in sinks { sink.stop() }
    }

    /// Reads configuration and certificates anew and looks at the roots.
    ///
    /// What is wrong is logged, and the gateway goes on as it was.
    private func reload() {
        log.info("reloading")
        for sink in sinks { sink.reopen() }
        let old = state.withLock { $0.configuration }
        let new: Configuration
        let tls: TLSContext?
        do throws(StartupError) {
            guard case .serve(let read) = try readInvocation() else { return }
            new = read
            tls = try StartupParts.tls(new, previous: state.withLock { $0.tls })
        } catch {
            log.error("the reload is refused, everything stays as it was: \(error.message)")
            return
        }
        if (tls == nil) != old.tls.isEmpty {
            log.error(
                "the reload is refused, everything stays as it was: turning TLS on or off needs a restart"
            )
            return
        }
        if let tls { server.replace(tls: tls) }
        for warning in tls?.warnings ?? [] { log.warning(warning) }
        let hostGuard = Self.hostGuard(new, tls)
        server.update { handler in (handler as? GatewayHandler)?.replace(hostGuard: hostGuard) }
        state.withLock {
            $0.configuration = new
            $0.tls = tls
        }
        warnOfIgnoredChanges(old, new)
        if old.upstreams.servers != new.upstreams.servers { replaceUpstreams(new) }
        if old.roots != new.roots || old.upstreams.servers.map(\.mount) != new.upstreams.servers.map(\.mount)
            || old.recursive != new.recursive || old.rescanSeconds != new.rescanSeconds
        {
            replaceRoots(new, old)
        } else {
            roots.requestRescan()
        }
        webApps?.service.checkNow()
        log.info("reloaded")
    }

    private func warnOfIgnoredChanges(_ old: Configuration, _ new: Configuration) {
        var reloadable = new
        reloadable.roots = old.roots
        reloadable.recursive = old.recursive
        reloadable.rescanSeconds = old.rescanSeconds
        reloadable.allowedHosts = old.allowedHosts
        reloadable.tls = old.tls
        reloadable.http2.isEnabled = old.http2.isEnabled
        reloadable.timeouts.shutdownSeconds = old.timeouts.shutdownSeconds
        reloadable.upstreams.servers = old.upstreams.servers
        if reloadable != old {
            log.warning(
                "of the changed settings only roots, upstreams, allowed hosts, certificates, whether HTTP/2 is offered, "
                    + "and the shutdown time are taken over; "
                    + "the others need a restart"
            )
        }
    }

    private func replaceUpstreams(_ new: Configuration) {
        for backend in backends.table.replaceConfigured(BackendHost.specifications(new)) {
            backend.turns.close()
            viewers.lost(upstream: backend.specification.mount)
            log.info(
                "upstream \(backend.specification.mount) (\(backend.specification.origin)) was taken away"
            )
        }
        republish()
    }

    // MARK: Catalogue

    private func replaceRoots(_ new: Configuration, _ old: Configuration) {
        let scanner = StartupParts.scanner(new)
        let snapshot: CatalogSnapshot
        do throws(CatalogError) {
            // Roots that are new must be there, as at start; one that vanished meanwhile is waited for.
            let added = new.roots.filter { !old.roots.contains($0) }
            if !added.isEmpty {
                _ = try RootScanner(roots: added.map { Root(name: $0.name, path: $0.path) }).scan(
                    previous: nil
                )
            }
            snapshot = try scanner.scan(previous: state.withLock { $0.snapshot })
        } catch {
            log.error("the changed roots are refused, the old ones stay: \(error)")
            state.withLock { $0.configuration.roots = old.roots }
            return
        }
        roots.stopWatching()
        publish(snapshot)
        watch(scanner, snapshot, new)
    }

    private func watch(_ scanner: RootScanner, _ snapshot: CatalogSnapshot, _ configuration: Configuration) {
        let log = log
        do throws(CatalogError) {
            let watcher = try CatalogWatcher(
                scanner: scanner,
                initial: snapshot,
                interval: .seconds(configuration.rescanSeconds),
                onNotice: { log.warning($0) },
                onChange: { [self] in publish($0) }
            )
            roots.replace(scanner, watcher)
        } catch {
            log.error("changes of the roots will not be seen: \(error)")
        }
    }

    private func publish(_ snapshot: CatalogSnapshot) {
        let previous = state.withLock { state in
            defer { state.snapshot = snapshot }
            return state.snapshot
        }
        for line in CatalogChanges.lines(from: previous, to: snapshot) { log.info(line) }
        for line in CatalogChanges.problems(from: previous, to: snapshot) { log.warning(line) }
        republish()
    }

    /// Lets requests see the datasets and backends that there are now.
    private func republish() {
        publishing.withLock { warnings in
            let (snapshot, configuration) = state.withLock { ($0.snapshot, $0.configuration) }
            let view = CatalogView(
                snapshot,
                backends: BackendView(backends.table.all, besides: Set(snapshot.datasets.map(\.mount))),
                webApp: configuration.webApp(of:)
            )
            for line in view.upstreamWarnings where !warnings.contains(line) { log.warning(line) }
            warnings = view.upstreamWarnings
            server.update { handler in (handler as? GatewayHandler)?.replace(catalog: view) }
        }
    }
}
