import Bytes
import HTTP
import Server

/// What is answered without waiting for anything.
extension GatewayHandler {
    /// Answers what is not for any route: foreign hosts and origins, and methods that no route has.
    /// - Returns: whether it was such a request.
    func refuse(_ exchange: Exchange) -> Bool {
        let request = exchange.request
        guard acceptsHost(request) else {
            var host = ""
            if let authority = request.authority() { host = HostGuard.host(of: authority).text() }
            exchange.answer(
                .misdirectedRequest,
                "This gateway does not answer to the name \"\(host)\". If it should, start it with "
                    + "--allowed-host \(host)"
            )
            return true
        }
        if request.method == .options {
            answerOptions(exchange)
            return true
        }
        guard request.targetForm != .authority, request.method != .trace else {
            exchange.answerMethodNotAllowed()
            return true
        }
        if !request.method.isSafe, !CrossOrigin.mayChangeState(request) {
            exchange.answer(.forbidden, "Pages of other sites may not change anything here.")
            return true
        }
        return false
    }

    /// Answers a request for a file of a dataset or the web app that is at hand; everything else goes by ``route(_:)``.
    func answerAtHand(_ exchange: Exchange) -> Bool {
        let method = exchange.request.method
        guard method == .get || method == .head else { return false }
        let path = exchange.request.path
        let basePath = site.basePath
        let base = basePath.count
        guard path.count >= base, path.span.extracting(0..<base).equals(basePath.span) else { return false }
        guard let end = path.span.firstOffset(of: UInt8(ascii: "/"), from: base) else {
            return answerWebAppAtHand(exchange, webApp(of: catalog.rootDataset), base..<path.count)
        }
        let rest = (end + 1)..<path.count
        if let mounted = catalog.backends.backend(at: path, base..<end) {
            // Whose viewer it is that opens a page is noted on the other way.
            return !rest.isEmpty && answerWebAppAtHand(exchange, webApp(of: mounted), rest)
        }
        guard let dataset = catalog.dataset(at: path, base..<end) else {
            return answerWebAppAtHand(exchange, webApp(of: catalog.rootDataset), base..<path.count)
        }
        return answerWebAppAtHand(exchange, webApp(of: dataset), rest)
            || files.respondAtOnce(to: exchange, dataset, rest)
    }

    /// Answers a request for the page or a file of the web app.
    private func answerWebAppAtHand(
        _ exchange: Exchange,
        _ app: @autoclosure () -> WebAppResponder?,
        _ rest: Range<Int>
    ) -> Bool {
        // By their first letter most files of datasets are told apart.
        if let first = rest.first,
            ![UInt8(ascii: "a"), UInt8(ascii: "@"), UInt8(ascii: "i")].contains(exchange.request.path[first])
        {
            return false
        }
        return app()?.respondAtOnce(to: exchange, rest) ?? false
    }

    func webApp(of dataset: ServedDataset?) -> WebAppResponder? {
        webApps.isEmpty ? nil : webApps[dataset?.webApp ?? Configuration.WebApp.usualName]
    }

    func webApp(of mounted: MountedBackend) -> WebAppResponder? {
        guard !webApps.isEmpty, let name = mounted.webApp else { return nil }
        return webApps[name]
    }

    private func acceptsHost(_ request: RequestHead) -> Bool {
        // Only HTTP/1.0 can come without a host, and no browser speaks it: there is no page to defend against.
        guard let authority = request.authority() else { return true }
        if authority.isEmpty { return false }
        let accepted = acceptedAuthority
        if authority.equals(accepted.span) { return true }
        guard hostGuard.accepts(authority) else { return false }
        acceptedAuthority = authority.copied()
        return true
    }

    private func answerOptions(_ exchange: Exchange) {
        let request = exchange.request
        let fields = exchange.response.fields
        exchange.response.status = .noContent
        let path = request.path
        let isForPosts =
            path.span.endsWith("/_cellucid/events") || path.span.endsWith("/_cellucid/session_bundle")
        fields.add("Allow", isForPosts ? "POST, OPTIONS" : "GET, HEAD, OPTIONS")
        fields.add("Vary", "Origin")
        CrossOrigin.addFixedFields(to: fields)
        CrossOrigin.addFields(for: request, to: fields)
        if let origin = request.value(.origin), CrossOrigin.isAllowed(origin),
            request.value(.accessControlRequestPrivateNetwork)?.equals("true") == true
        {
            fields.add("Access-Control-Allow-Private-Network", "true")
        }
    }
}
