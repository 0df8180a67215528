import Bytes
import HTTP
import Reactor
import Server
import Upstream
import Viewers

/// Passes the events and session bundles of viewers on to whoever owns them (contract of the Cellucid servers, 1.7, 1.8
/// and 7.4.4).
///
/// One object for each event loop.
final class EventRouter {
    /// The most bytes of an event (contract 1.9).
    private static let mostEventBytes: UInt64 = 1 << 20
    /// Where backends take events.
    private static let path = Array("/_cellucid/events".utf8)
    /// How long a backend may take to say whether a viewer is its own.
    private static let probeMilliseconds: Int64 = 10_000

    let service: ViewerService
    private let client: BackendClient
    private let proxy: ProxyResponder
    private let receiver: SessionReceiver

    init(service: ViewerService, client: BackendClient, proxy: ProxyResponder) {
        self.service = service
        self.client = client
        self.proxy = proxy
        receiver = SessionReceiver(service)
    }

    // MARK: Events

    /// Answers `POST /_cellucid/events`.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - mounted: the backend below whose mount it arrived, if it did.
    ///   - backends: all there are.
    func respondToEvent(_ exchange: Exchange, _ mounted: MountedBackend?, _ backends: [Backend]) async {
        guard let event = await readEvent(exchange) else { return }
        let envelope: EventEnvelope
        do throws(EventSyntaxError) {
            envelope = try EventEnvelope(event.span)
        } catch {
            // Its own server knows best what to say.
            if let mounted {
                return await forward(
                    exchange,
                    event,
                    to: mounted.backend,
                    viewer: nil,
                    .soon,
                    known: .unknown
                )
            }
            return EventAnswers.answer(error, exchange)
        }
        let viewer = envelope.viewerID.utf8.flatMap { ViewerID(utf8: $0) }
        let urgency: RequestTurns.Urgency = envelope.isHover ? .later : .soon
        let route = viewer.map { service.route($0, candidates: []) } ?? .unknown
        if let viewer, route == .subscriber {
            let json =
                envelope.hasNonFiniteNumbers
                ? EventEnvelope.replacingNonFiniteNumbers(in: event.span) : event
            return EventAnswers.answer(await service.append(json, to: viewer), exchange)
        }
        if let mounted {
            return await forward(exchange, event, to: mounted.backend, viewer: viewer, urgency, known: route)
        }
        guard let viewer else { return EventAnswers.answerWithoutViewer(envelope, exchange) }
        await deliver(exchange, event, envelope, viewer, backends, urgency, isKnown: route != .unknown)
    }

    /// The whole event; `nil` when the request has been answered.
    private func readEvent(_ exchange: Exchange) async -> [UInt8]? {
        if let length = exchange.body.remainingLength, length > Self.mostEventBytes {
            EventAnswers.answerText(.contentTooLarge, "Request too large", exchange)
            return nil
        }
        exchange.body.limit = Self.mostEventBytes
        do throws(RequestBodyError) {
            if let event = try exchange.body.takeReceived() { return event }
            let buffer = client.context.takeBuffer()
            defer { client.context.give(buffer) }
            while try await exchange.body.read(into: buffer) > 0 {}
            return buffer.unread.copied()
        } catch {
            switch error {
            case .refused(let error) where error.status == .contentTooLarge:
                EventAnswers.answerText(.contentTooLarge, "Request too large", exchange)
            case .refused(let error): exchange.response.setError(error)
            case .connectionLost: EventAnswers.answerText(.badRequest, "Request is incomplete", exchange)
            }
            return nil
        }
    }

    /// Finds the owner of a viewer among the backends and answers with what it says.
    ///
    /// While an owner is being looked for, the viewer's other events wait: pages send several when they open.
    private func deliver(
        _ exchange: Exchange,
        _ event: [UInt8],
        _ envelope: EventEnvelope,
        _ viewer: ViewerID,
        _ backends: [Backend],
        _ urgency: RequestTurns.Urgency,
        isKnown: Bool
    ) async {
        guard !isKnown || service.ownerSearches.isInUse(viewer) else {
            return await offer(exchange, event, envelope, viewer, backends, urgency)
        }
        do throws(BackendFailure) {
            try await client.enterTurn(of: service.ownerSearches, key: viewer, urgency)
        } catch {
            exchange.response.fields.add("Retry-After", "2")
            exchange.answer(error.status, "The server of this viewer is still being looked for.")
            return
        }
        defer { service.ownerSearches.leave(key: viewer) }
        await offer(exchange, event, envelope, viewer, backends, urgency)
    }

    /// Offers an event to the backend that is known to own its viewer, or else to those that could.
    private func offer(
        _ exchange: Exchange,
        _ event: [UInt8],
        _ envelope: EventEnvelope,
        _ viewer: ViewerID,
        _ backends: [Backend],
        _ urgency: RequestTurns.Urgency
    ) async {
        lazy var candidates = OwnerCandidates(backends)
        var failure: (BackendFailure, Backend)?
        var isDenied = false
        var asked: Set<String> = []
        // A second time when the one that was believed to own the viewer does not.
        for _ in 0..<2 {
            var route = service.route(viewer, candidates: [])
            if route == .unknown {
                let names = candidates.names.filter { !asked.contains($0) }
                route = service.route(viewer, candidates: names)
            }
            var isKnown = false
            let chosen: [String]
            switch route {
            case .upstream(let name, _):
                chosen = asked.contains(name) ? [] : [name]
                isKnown = true
            case .probe(let several): chosen = several
            case .subscriber, .unknown: chosen = []
            }
            for name in chosen {
                guard let backend = OwnerCandidates.backend(name, in: backends) else {
                    service.denied(viewer, by: name)
                    continue
                }
                do throws(BackendFailure) {
                    let answer = try await post(event, exchange, to: backend, viewer: viewer, urgency)
                    let ownership = note(answer, viewer, backend, known: route)
                    // What a stranger finds wrong with an event says nothing of what its owner will.
                    if ownership == .owner || isKnown && ownership == .undecided {
                        return EventAnswers.answer(answer, exchange)
                    }
                    isDenied = true
                } catch {
                    // An event must not be delivered twice, so nobody else is asked after one who may have got it.
                    guard error.isUndelivered else { return proxy.answer(error, backend, exchange) }
                    service.denied(viewer, by: name)
                    failure = failure ?? (error, backend)
                }
                asked.insert(name)
            }
        }
        if let (failure, backend) = failure, !isDenied, candidates.isAlone {
            proxy.answer(failure, backend, exchange)
        } else {
            EventAnswers.answerUnknownViewer(envelope, exchange)
        }
    }

    /// Passes an event on to the one backend that it was sent to.
    private func forward(
        _ exchange: Exchange,
        _ event: [UInt8],
        to backend: Backend,
        viewer: ViewerID?,
        _ urgency: RequestTurns.Urgency,
        known: ViewerRoute
    ) async {
        do throws(BackendFailure) {
            let answer = try await post(event, exchange, to: backend, viewer: viewer, urgency)
            if let viewer { note(answer, viewer, backend, known: known) }
            EventAnswers.answer(answer, exchange)
        } catch {
            proxy.answer(error, backend, exchange)
        }
    }

    /// Learns from an answer who owns a viewer.
    /// - Parameters:
    ///   - answer: what the backend said to an event.
    ///   - viewer: whose event it was.
    ///   - backend: who answered.
    ///   - known: who was believed to own the viewer.
    /// - Returns: what the answer says.
    @discardableResult
    private func note(_ answer: BackendAnswer, _ viewer: ViewerID, _ backend: Backend, known: ViewerRoute)
        -> EventAnswers.Ownership
    {
        let name = backend.specification.mount
        let ownership = EventAnswers.ownership(answer)
        switch ownership {
        case .owner where known == .upstream(name, isConfirmed: true): break
        case .owner: service.delivered(viewer, by: name)
        case .stranger: service.denied(viewer, by: name)
        case .undecided: break
        }
        return ownership
    }

    private func post(
        _ event: [UInt8],
        _ exchange: Exchange,
        to backend: Backend,
        viewer: ViewerID?,
        _ urgency: RequestTurns.Urgency
    ) async throws(BackendFailure) -> BackendAnswer {
        let request = exchange.request
        var forwarded = ForwardedRequest(via: client.via)
        forwarded.clientAddress = exchange.peerAddress
        forwarded.isFromTrustedProxy = exchange.isFromTrustedProxy
        forwarded.targetPrefix = Self.path
        forwarded.pathStart = request.path.count
        forwarded.framing = .length(UInt64(event.count))
        forwarded.closesConnection = backend.isSerial
        guard !forwarded.isLoop(request) else {
            throw BackendFailure(status: .loopDetected, reason: "it leads back to this gateway")
        }
        if !backend.turns.enterAtOnce(key: viewer) {
            try await client.enterTurn(of: backend.turns, key: viewer, urgency)
        }
        defer { backend.turns.leave(key: viewer) }
        let upstream = client.exchange(with: backend)
        let asked = UpstreamExchange.Request(method: .post, isRepeatable: false)
        let origin = backend.specification.origin
        try await client.begin(upstream, asked, at: backend) { buffer in
            forwarded.write(request, to: origin, into: buffer)
            buffer.append(event)
        }
        let body = try await client.body(of: upstream, limit: 1 << 20, backend)
        return BackendAnswer(upstream.head, body: body)
    }

    // MARK: Session bundles

    /// Answers `POST /_cellucid/session_bundle`.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - mounted: the backend below whose mount it arrived, if it did.
    ///   - rest: the part of the path below that mount.
    ///   - backends: all there are.
    func respondToSession(
        _ exchange: Exchange,
        _ mounted: MountedBackend?,
        _ rest: Range<Int>,
        _ backends: [Backend]
    ) async {
        let query = QueryParameters(exchange.request)
        let (viewerText, requestText) = (query["viewerId"], query["requestId"])
        let viewer = viewerText.flatMap { ViewerID($0) }
        if let viewer, let request = requestText.flatMap({ ViewerID($0) }),
            case .subscriber = service.route(viewer, candidates: [])
        {
            return await receiver.receive(exchange, SessionKey(viewerID: viewer, requestID: request))
        }
        if let mounted { return await proxy.respond(to: exchange, mounted, rest) }
        guard viewerText != nil, requestText != nil else {
            return exchange.answer(json: EventAnswers.missing("viewerId/requestId"))
        }
        guard let viewer, let backend = await owner(of: viewer, backends) else {
            return EventAnswers.answerText(.notFound, SessionUploadError.notPending.text, exchange)
        }
        await proxy.respond(to: exchange, MountedBackend(backend, mount: backend.specification.mount), rest)
    }

    /// The backend that owns a viewer; those that could are asked with an event that no page sends, since a bundle can be
    /// sent only once (contract of the Cellucid servers, 7.4.4).
    private func owner(of viewer: ViewerID, _ backends: [Backend]) async -> Backend? {
        let candidates = OwnerCandidates(backends)
        var dead: Backend?
        // A second time when the owner has died and the viewer may be another's now.
        for _ in 0..<2 {
            let names = candidates.names.filter { $0 != dead?.specification.mount }
            switch service.route(viewer, candidates: names) {
            case .upstream(let name, _):
                guard let backend = OwnerCandidates.backend(name, in: backends) else {
                    service.denied(viewer, by: name)
                    continue
                }
                guard backend.isUnavailable, dead == nil else { return backend }
                service.denied(viewer, by: name)
                dead = backend
            case .subscriber, .unknown: return dead
            case .probe(let names): return await owner(of: viewer, among: names, backends) ?? dead
            }
        }
        return dead
    }

    private func owner(of viewer: ViewerID, among names: [String], _ backends: [Backend]) async -> Backend? {
        let json =
            "{\"type\":\"pong\",\"viewerId\":\(JSONText.string(viewer.text)),\"viewerToken\":\"\",\"requestId\":\"gateway\",\"t\":0}"
        for backend in names.compactMap({ OwnerCandidates.backend($0, in: backends) }) {
            let answer = try? await client.withTurn(at: backend, key: viewer, .soon) {
                () async throws(BackendFailure) in
                try await self.client.ask(
                    backend,
                    "/_cellucid/events",
                    json: json,
                    milliseconds: Self.probeMilliseconds
                )
            }
            if let answer, EventAnswers.ownership(answer) == .owner {
                service.delivered(viewer, by: backend.specification.mount)
                return backend
            }
        }
        return nil
    }
}
