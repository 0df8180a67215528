import Reactor
import Telemetry
import Upstream
import WebApp

/// The web apps of a running gateway: their builds as they are on the disk at the start, and the service that keeps them
/// current.
struct WebAppHost: Sendable {
    let service: WebAppService
    /// What there is at the start, by name.
    let views: [String: WebAppView]
    private let apps: [WebAppService.App]
    private let makeUpstream: @Sendable (EventLoop) -> UpstreamContext

    /// Opens the stores; what is wrong with one is logged, and its web app is not available.
    /// - Throws: ``StartupError`` when the configuration cannot be used.
    init(_ configuration: Configuration, environment: [String: String], log: Log) throws(StartupError) {
        makeUpstream = try WebAppParts.upstream(configuration, environment, log)
        do throws(SystemError) {
            service = try WebAppService(log: log)
        } catch {
            throw StartupError(.startupFailed, "cannot make an event loop: \(error)")
        }
        var views: [String: WebAppView] = [:]
        var apps: [WebAppService.App] = []
        for app in WebAppParts.all(configuration) {
            let origin = app.origin?.description ?? app.name
            do throws(BuildStoreError) {
                let store = try BuildStore(directory: WebAppParts.directory(app.name, configuration))
                let builds = OpenBuilds(store)
                if let problem = builds.problem { log.error("the viewer: \(problem)") }
                if let problem = store.writeProblem {
                    log.warning("the viewer cannot be kept current: \(problem); see --cache-dir")
                }
                let showsDemoData = configuration.webApp.demoData != .off
                views[app.name] = WebAppView(
                    origin: origin,
                    current: builds.current?.served(showsDemoData: showsDemoData),
                    previous: builds.previous?.served(showsDemoData: showsDemoData)
                )
                apps.append(
                    WebAppService.App(name: app.name, origin: app.origin, store: store, builds: builds)
                )
            } catch {
                log.error("the viewer is not available: \(error); see --cache-dir")
                views[app.name] = WebAppView(origin: origin, absence: .failed(error.description))
            }
        }
        self.views = views
        self.apps = apps
    }

    /// Begins to keep the builds current.
    /// - Parameters:
    ///   - configuration: how often to check.
    ///   - blockingPool: where the disk is waited for.
    ///   - publish: gets the name of an app whose view has changed.
    /// - Throws: ``StartupError`` when there is no thread for it.
    func start(
        _ configuration: Configuration,
        blockingPool: BlockingPool,
        publish: @escaping @Sendable (String, WebAppView) -> Void
    ) throws(StartupError) {
        do throws(SystemError) {
            try service.start(
                apps,
                blockingPool: blockingPool,
                configuration: configuration.webApp,
                makeUpstream: makeUpstream,
                publish: publish
            )
        } catch {
            throw StartupError(.startupFailed, "cannot start a thread: \(error)")
        }
    }
}
