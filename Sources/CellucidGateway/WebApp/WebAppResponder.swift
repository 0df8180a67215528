import Bytes
import HTTP
import Server

/// Answers requests for the web app: its page and the files of its builds.
///
/// One object for each event loop.
final class WebAppResponder {
    private let responder = RepresentationResponder()
    private let service: WebAppService
    private let name: String
    private var view: WebAppView

    /// Answers for the app of that name.
    init(_ service: WebAppService, name: String, view: WebAppView) {
        self.service = service
        self.name = name
        self.view = view
    }

    /// Answers with other builds from the next request on.
    func replace(_ view: WebAppView) { self.view = view }

    /// Answers with what is at hand: nearly every request.
    /// - Returns: `false` when it is not at hand; nothing has been answered then.
    func respondAtOnce(to exchange: Exchange, _ range: Range<Int>) -> Bool {
        let request = exchange.request
        guard request.method == .get || request.method == .head,
            let wanted = WebAppPath(request.path, range), let (asset, caching) = find(wanted, request.path)
        else { return false }
        send(asset, caching, exchange)
        return true
    }

    /// Whether ``respond(to:_:unavailable:)`` has an answer to requests for the part `range` of `path`.
    static func mayRespond(to path: [UInt8], _ range: Range<Int>) -> Bool {
        switch WebAppPath(path, range) {
        case nil: false
        case .page, .pinned: true
        case .file(let file): WebAppService.isPartOfWebApp(path.span.extracting(file))
        }
    }

    /// Answers what was not at hand: fetches the file if it may exist, or says why there is none.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - range: the part of the path below the mount.
    ///   - unavailable: makes the page that stands in for the viewer.
    /// - Returns: `false` when the path is none of the web app's, or the file is not part of it; nothing has been
    ///   answered then.
    func respond(
        to exchange: Exchange,
        _ range: Range<Int>,
        unavailable: (WebAppView) -> String
    ) async -> Bool {
        let path = exchange.request.path
        guard let wanted = WebAppPath(path, range) else { return false }
        guard exchange.request.method == .get || exchange.request.method == .head else {
            exchange.answerMethodNotAllowed()
            return true
        }
        switch wanted {
        case .page:
            guard view.current == nil else { return respondAtOnce(to: exchange, range) }
            exchange.response.fields.add("Retry-After", "5")
            exchange.answer(html: unavailable(view), status: .serviceUnavailable)
            return true
        case .pinned(let build, let file):
            guard let build = view.build(path.span.extracting(build)) else {
                exchange.answer(.notFound, "This build of the viewer is no longer here; reload the page.")
                return true
            }
            return await fetch(file, of: build, .immutable, exchange)
        case .file(let file):
            return await fetch(file, of: view.current, .revalidated, exchange)
        }
    }

    private func find(_ wanted: WebAppPath, _ path: [UInt8]) -> (ServedAsset, Representation.Caching)? {
        switch wanted {
        case .page: return view.current.map { ($0.page, .revalidated) }
        case .pinned(let build, let file):
            return view.build(path.span.extracting(build))?.asset(path, file).map { ($0, .immutable) }
        case .file(let file):
            let asset = view.current?.asset(path, file) ?? view.previous?.asset(path, file)
            return asset.map { ($0, .revalidated) }
        }
    }

    private func fetch(
        _ file: Range<Int>,
        of build: ServedBuild?,
        _ caching: Representation.Caching,
        _ exchange: Exchange
    ) async -> Bool {
        let path = exchange.request.path
        guard WebAppService.isPartOfWebApp(path.span.extracting(file)) else { return false }
        let text = path.span.extracting(file).text()
        switch await service.fetchMissing(text, app: name, build: build?.id) {
        case .found(let asset): send(asset, caching, exchange)
        case .notFound: return false
        case .unavailable(let reason):
            exchange.response.fields.add("Retry-After", "5")
            exchange.answer(.serviceUnavailable, "The viewer's file \(text) is not available: \(reason)")
        }
        return true
    }

    private func send(_ asset: ServedAsset, _ caching: Representation.Caching, _ exchange: Exchange) {
        let representation = asset.representation(for: exchange.request, caching)
        _ = responder.answer(exchange, representation, asset.plain)
    }
}
