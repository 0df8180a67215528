import Bytes
import Catalog
import HTTP
import Reactor
import Server
import Viewers

/// Finds out what a request is for and lets the right part answer it.
///
/// One object for each event loop.
///
/// The URL space: `/_cellucid/*` describes the datasets, `/_gateway/*` is the gateway's own, every other first
/// segment is a dataset's mount. A mount answers `/_cellucid/*` as well, as a server of its one dataset.
final class GatewayHandler: RequestHandler {
    /// What stays the same while the gateway runs.
    struct Site: Sendable {
        /// The prefix of all URLs; begins and ends with a slash.
        let basePath: [UInt8]
        let health: [UInt8]
        let info: [UInt8]
        let gzipStore: GzipStore?
        let cacheBudget: OpenFileCache.Budget
        /// Unix time of the start.
        let startedSeconds: Int64
        /// The roots as they are on the disk now.
        let roots: LiveRoots
        /// Keeps the web apps; `nil` when none is served.
        let webAppService: WebAppService?
        /// The web apps at the start, by name.
        let webApps: [String: WebAppView]
        /// The names of the web apps of the configuration, also when none is served.
        let webAppNames: [String]
        /// The running servers behind the gateway.
        let backends: BackendHost
        /// Who owns which viewer, and what is kept for subscribers.
        let viewers: ViewerService
        /// Who may administer.
        let adminGuard: AdminGuard
    }

    /// How long a request waits for the catalogue to notice that a folder has gone.
    private static let rescanMilliseconds: Int64 = 2_000

    let site: Site
    var catalog: CatalogView
    var hostGuard: HostGuard
    let files: FileResponder
    let webApps: [String: WebAppResponder]
    let backendClient: BackendClient
    private let proxy: ProxyResponder
    let backends: BackendResponder
    let router: EventRouter
    let subscribers: SubscriberResponder
    /// The authority that was accepted last: most requests repeat it.
    var acceptedAuthority: [UInt8] = []
    let context: WorkerContext

    init(site: Site, hostGuard: HostGuard, catalog: CatalogView, context: WorkerContext) {
        self.site = site
        self.catalog = catalog
        self.hostGuard = hostGuard
        self.context = context
        if let service = site.webAppService {
            webApps = Dictionary(
                uniqueKeysWithValues: site.webApps.map { name, view in
                    (name, WebAppResponder(service, name: name, view: view))
                }
            )
        } else {
            webApps = [:]
        }
        backendClient = site.backends.makeClient(context.loop)
        proxy = ProxyResponder(
            client: backendClient,
            context: context,
            basePath: site.basePath
        )
        let viewers = site.viewers
        backends = BackendResponder(site.backends, webAppNames: site.webAppNames, log: context.log) {
            backend in
            viewers.lost(upstream: backend.specification.mount)
        }
        router = EventRouter(service: viewers, client: backendClient, proxy: proxy)
        subscribers = SubscriberResponder(viewers, adminGuard: site.adminGuard, context: context)
        files = FileResponder(
            cache: OpenFileCache(context: context, budget: site.cacheBudget),
            coder: GzipCoder(context: context, store: site.gzipStore)
        )
    }

    /// Answers to other host names from the next request on.
    func replace(hostGuard: HostGuard) {
        self.hostGuard = hostGuard
        acceptedAuthority = []
    }

    /// Uses another state of the catalogue from the next request on.
    func replace(catalog: CatalogView) {
        self.catalog = catalog
        backendClient.keepOnly(catalog.backends.backends)
    }

    func drain() { subscribers.drain() }

    /// Serves other builds of a web app from the next request on.
    func replace(webApp name: String, _ view: WebAppView) { webApps[name]?.replace(view) }

    func respondAtOnce(to exchange: Exchange) -> Bool { refuse(exchange) || answerAtHand(exchange) }

    func respond(to exchange: Exchange) async { await route(exchange) }

    // MARK: Routes

    private func route(_ exchange: Exchange) async {
        let path = exchange.request.path
        let basePath = site.basePath
        let base = basePath.count
        guard path.count >= base, path.span.extracting(0..<base).equals(basePath.span) else {
            answerOutsideBase(exchange)
            return
        }
        var end = base
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        let segment = path.span.extracting(base..<end)
        if end < path.count {
            if let mounted = catalog.backends.backend(at: path, base..<end) {
                await answerBackend(exchange, mounted, (end + 1)..<path.count)
                return
            }
            if let dataset = catalog.dataset(at: path, base..<end) {
                await answerMount(exchange, dataset, (end + 1)..<path.count)
                return
            }
            if segment.equals("_cellucid") {
                let isGateways = GatewayPseudonym.isNamed(by: exchange.request)
                let listing = isGateways ? catalog.listingForGateways : catalog.listing
                await answerServerDocument(exchange, (end + 1)..<path.count, listing: listing)
                return
            }
            if segment.equals("_gateway") {
                await answerAdministration(exchange, (end + 1)..<path.count)
                return
            }
        } else if segment.equals("_gateway") || catalog.dataset(at: path, base..<end) != nil
            || catalog.backends.backend(at: path, base..<end) != nil
        {
            redirectToSlash(exchange)
            return
        } else if segment.equals("datasets.json"), catalog.rootDataset == nil {
            answerRead(exchange) { $0.answer(json: catalog.staticCatalogue) }
            return
        }
        if WebAppResponder.mayRespond(to: path, base..<path.count),
            await answerWebApp(exchange, webApp(of: catalog.rootDataset), base..<path.count)
        {
            return
        }
        if let dataset = catalog.rootDataset, !segment.equals("_cellucid") {
            await files.respond(to: exchange, dataset, base..<path.count)
        } else {
            answerRead(exchange) { $0.answer(.notFound, "There is no dataset of that name here.") }
        }
    }

    /// Anything below `/<mount>/`.
    private func answerMount(_ exchange: Exchange, _ dataset: ServedDataset, _ rest: Range<Int>) async {
        let path = exchange.request.path
        let name = path.span.extracting(rest)
        let prefix: StaticString = "_cellucid/"
        if name.startsWith(prefix) {
            let document = (rest.lowerBound + prefix.utf8CodeUnitCount)..<rest.upperBound
            await answerServerDocument(exchange, document, listing: dataset.ownListing)
        } else {
            if WebAppResponder.mayRespond(to: path, rest),
                await answerWebApp(exchange, webApp(of: dataset), rest)
            {
                return
            }
            await files.respond(to: exchange, dataset, rest)
            if exchange.response.status == .notFound { await reconsider(exchange, dataset, rest) }
        }
    }

    /// Anything below the mount of a running server.
    private func answerBackend(_ exchange: Exchange, _ mounted: MountedBackend, _ rest: Range<Int>) async {
        let path = exchange.request.path
        if let listing = mounted.ownListing, path.span.extracting(rest).equals("_cellucid/datasets") {
            return answerRead(exchange) { $0.answer(json: listing) }
        }
        if exchange.request.method == .post {
            let all = catalog.backends.backends
            if path.span.extracting(rest).equals("_cellucid/events") {
                return await router.respondToEvent(exchange, mounted, all)
            }
            if path.span.extracting(rest).equals("_cellucid/session_bundle") {
                return await router.respondToSession(exchange, mounted, rest, all)
            }
        }
        if rest.isEmpty { noteViewer(exchange, mount: mounted.mount, mounted.backend) }
        if WebAppResponder.mayRespond(to: path, rest), let app = webApp(of: mounted),
            await answerWebApp(exchange, app, rest)
        {
            return
        }
        await proxy.respond(to: exchange, mounted, rest)
    }

    /// Answers what belongs to the web app.
    ///
    /// Its page and what is below `assets/` hide files of the same names in a dataset; what the web app does not have, the
    /// dataset may.
    /// - Returns: whether it has been answered.
    private func answerWebApp(_ exchange: Exchange, _ app: WebAppResponder?, _ rest: Range<Int>) async -> Bool
    {
        guard let app else {
            guard WebAppPath(exchange.request.path, rest) == .page else { return false }
            answerRead(exchange) { $0.answer(.temporaryRedirect, redirectTo: location(of: "_gateway/")) }
            return true
        }
        let (catalog, basePath) = (catalog, site.basePath)
        return await app.respond(to: exchange, rest) {
            UnavailablePage.html($0, catalog, basePath: String(decoding: basePath, as: UTF8.self))
        }
    }

    /// Answers again when the catalogue has seen that a dataset's folder was removed or replaced: until then a file
    /// that is not there says nothing about the dataset that has taken its place.
    private func reconsider(_ exchange: Exchange, _ answered: ServedDataset, _ rest: Range<Int>) async {
        let roots = site.roots
        let mount = Array(answered.dataset.mount.utf8)
        let deadline = context.loop.now + Self.rescanMilliseconds
        var dataset = answered
        while context.loop.now < deadline {
            let doubtful = dataset.dataset
            guard await context.blockingPool.run({ !roots.isInPlace(doubtful) }) else { return }
            roots.requestRescan()
            while catalog.dataset(at: mount, 0..<mount.count) === dataset, context.loop.now < deadline {
                await context.loop.sleep(milliseconds: 10)
            }
            exchange.response.reset()
            guard let current = catalog.dataset(at: mount, 0..<mount.count) else {
                exchange.answer(.notFound, "There is no dataset of that name here.")
                return
            }
            await files.respond(to: exchange, current, rest)
            if exchange.response.status != .notFound { return }
            dataset = current
        }
    }

    // MARK: Helpers

    /// Lets `answer` answer GET and HEAD; refuses other methods.
    func answerRead(_ exchange: Exchange, _ answer: (Exchange) -> Void) {
        if exchange.request.method == .get || exchange.request.method == .head {
            answer(exchange)
        } else {
            exchange.answerMethodNotAllowed()
        }
    }

    /// The same path with a slash at its end and the query kept: pages resolve their URLs against the folder.
    private func redirectToSlash(_ exchange: Exchange) {
        let request = exchange.request
        var target = request.targetWithoutQuery.copied()
        if request.targetForm == .absolute { target = request.path }
        target.append(UInt8(ascii: "/"))
        if let query = request.query() { target += [UInt8(ascii: "?")] + query.copied() }
        answerRead(exchange) { $0.answer(.permanentRedirect, redirectTo: target) }
    }

    private func answerOutsideBase(_ exchange: Exchange) {
        let path = exchange.request.path
        if path == [UInt8(ascii: "/")] || path == site.basePath.dropLast() {
            answerRead(exchange) { $0.answer(.permanentRedirect, redirectTo: site.basePath) }
        } else {
            answerRead(exchange) {
                $0.answer(
                    .notFound,
                    "Everything here is below \(String(decoding: site.basePath, as: UTF8.self))"
                )
            }
        }
    }

    private func location(of page: StaticString) -> [UInt8] { site.basePath + Array("\(page)".utf8) }
}
