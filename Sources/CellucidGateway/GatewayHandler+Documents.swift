import Bytes
import Catalog
import HTTP
import Reactor
import Server
import Upstream
import Viewers

/// The documents of the Cellucid API, and what is below `/_gateway/`.
extension GatewayHandler {
    /// `/_cellucid/<document>`.
    func answerServerDocument(_ exchange: Exchange, _ range: Range<Int>, listing: [UInt8]) async {
        let path = exchange.request.path
        let name = path.span.extracting(range)
        if exchange.request.method.isSafe, exchange.request.has(.via) {
            if ForwardedRequest(via: backendClient.via).isLoop(exchange.request) {
                return exchange.answer(.loopDetected, "The request leads back to this gateway.")
            }
            if GatewayPseudonym.isNamed(by: exchange.request) { addVia(exchange) }
        }
        if name.equals("health") {
            answerRead(exchange) { $0.answer(json: site.health) }
        } else if name.equals("info") {
            answerRead(exchange) { $0.answer(json: site.info) }
        } else if name.equals("datasets") {
            answerRead(exchange) { $0.answer(json: listing) }
        } else if exchange.request.method == .post, name.equals("events") {
            await router.respondToEvent(exchange, nil, catalog.backends.backends)
        } else if exchange.request.method == .post, name.equals("session_bundle") {
            let rest = (range.lowerBound - "_cellucid/".utf8.count)..<range.upperBound
            await router.respondToSession(exchange, nil, rest, catalog.backends.backends)
        } else if name.equals("events") || name.equals("session_bundle") {
            if exchange.request.method.isSafe {
                exchange.answer(.notFound, "There is no such document.")
            } else {
                exchange.answerMethodNotAllowed("POST, OPTIONS")
            }
        } else {
            answerRead(exchange) { $0.answer(.notFound, "There is no such document.") }
        }
    }

    /// Lets another gateway know that it asks a gateway.
    private func addVia(_ exchange: Exchange) {
        let value = Array("1.1 ".utf8) + backendClient.via
        exchange.response.fields.add("Via", value.span)
    }

    /// Notes that the page of a notebook's viewer was opened (contract 2.1), so that its events find their way.
    func noteViewer(_ exchange: Exchange, mount: String, _ backend: Backend?) {
        let request = exchange.request
        guard request.query() != nil,
            let viewer = QueryParameters(request)["viewerId"].flatMap({ ViewerID($0) })
        else { return }
        site.viewers.see(viewer, mount: mount, upstream: backend?.specification.mount)
    }

    /// `/_gateway/…`: what scripts and servers use to make themselves known, and the gateway's own pages.
    func answerAdministration(_ exchange: Exchange, _ range: Range<Int>) async {
        if await subscribers.respond(to: exchange, range) { return }
        let path = exchange.request.path
        let name: StaticString = "backends"
        let end = range.lowerBound + name.utf8CodeUnitCount
        if path.span.extracting(range).startsWith(name),
            end == range.upperBound || path[end] == UInt8(ascii: "/")
        {
            if site.adminGuard.refuses(exchange) { return }
            let catalog = catalog
            return await backends.respond(to: exchange, end..<range.upperBound) { mount in
                catalog.dataset(at: Array(mount.utf8), 0..<mount.utf8.count) != nil
                    || catalog.backends.hasDataset(mount: mount)
            }
        }
        answerOwnPage(exchange, range)
    }

    /// `/_gateway/<page>`.
    private func answerOwnPage(_ exchange: Exchange, _ range: Range<Int>) {
        let path = exchange.request.path
        let name = path.span.extracting(range)
        if name.isEmpty {
            answerRead(exchange) {
                let basePath = String(decoding: site.basePath, as: UTF8.self)
                $0.answer(
                    html: OverviewPage.html(
                        catalog,
                        basePath: basePath,
                        opensViewer: !webApps.isEmpty,
                        viewer: site.webAppService?.sentence
                    )
                )
            }
        } else if name.equals("datasets") {
            answerRead(exchange) { $0.answer(json: Array(CatalogDocument.json(catalog).utf8)) }
        } else if name.equals("web-app") {
            answerRead(exchange) {
                $0.answer(json: Array((site.webAppService?.document ?? "{\"apps\":[]}").utf8))
            }
        } else if name.equals("status") {
            answerRead(exchange) {
                let uptime = context.loop.unixSeconds - site.startedSeconds
                let status = StatusDocument.json(context.serverCounters, uptimeSeconds: max(0, uptime))
                $0.answer(json: Array(status.utf8))
            }
        } else if name.equals("livez") {
            answerRead(exchange) { $0.answer(.ok, "ok") }
        } else if name.equals("readyz") {
            answerRead(exchange) {
                if context.isDraining {
                    $0.answer(.serviceUnavailable, "stopping")
                } else {
                    $0.answer(.ok, "ready")
                }
            }
        } else {
            answerRead(exchange) { $0.answer(.notFound, "There is no such page.") }
        }
    }
}
