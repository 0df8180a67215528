import Bytes
import HTTP
import Reactor
import Server
import Telemetry
import Viewers

/// Answers `/_gateway/viewers…`: scripts that follow the events of viewers that have no Python behind them.
///
/// One object for each event loop.
final class SubscriberResponder {
    /// What a URL below `/_gateway/` names.
    private enum Target {
        case list
        case viewer(ViewerID)
        case events(ViewerID)
        case requests(ViewerID)
        case session(SessionKey)
    }

    /// The most bytes of a viewer's identifier that is registered.
    private static let mostIdentifierBytes = 128
    /// The most bytes of the JSON of a request for a session bundle.
    private static let mostBodyBytes: UInt64 = 4096
    /// How often the waits are looked at.
    private static let tickMilliseconds: Int64 = 500

    let service: ViewerService
    private let context: WorkerContext
    private var adminGuard: AdminGuard
    private var waits: [ObjectIdentifier: EventWait] = [:]
    private var isTicking = false

    /// Answers for `service` on the event loop of `context`.
    init(_ service: ViewerService, adminGuard: AdminGuard, context: WorkerContext) {
        self.service = service
        self.adminGuard = adminGuard
        self.context = context
    }

    /// Has other rules about who may administer from the next request on.
    func replace(adminGuard: AdminGuard) { self.adminGuard = adminGuard }

    /// The loop's milliseconds.
    var now: Int64 { context.loop.now }

    // MARK: Answering

    /// Answers a request.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - range: the part of its path behind `/_gateway/`.
    /// - Returns: `false` when it is for something else; nothing has been answered then.
    func respond(to exchange: Exchange, _ range: Range<Int>) async -> Bool {
        let segments = exchange.request.path[range].split(separator: 0x2f, omittingEmptySubsequences: false)
        guard let first = segments.first, Array(first).span.equals("viewers") else { return false }
        guard let target = Self.target(segments.dropFirst()) else {
            exchange.answer(.notFound, "There is no such page.")
            return true
        }
        let method = exchange.request.method
        let isRead = method == .get || method == .head
        switch target {
        case .list where isRead: answerList(exchange)
        case .viewer(let id) where method == .put: await register(id, exchange)
        case .viewer(let id) where method == .delete: await close(id, exchange)
        case .events(let id) where isRead: await answerEvents(id, exchange)
        case .requests(let id) where method == .post: await openRequest(id, exchange)
        case .session(let key) where isRead: await answerSession(key, exchange)
        case .list, .events, .session: exchange.answerMethodNotAllowed()
        case .viewer: exchange.answerMethodNotAllowed("PUT, DELETE, OPTIONS")
        case .requests: exchange.answerMethodNotAllowed("POST, OPTIONS")
        }
        return true
    }

    private static func target(_ segments: ArraySlice<ArraySlice<UInt8>>) -> Target? {
        let segments = Array(segments)
        guard let first = segments.first else { return .list }
        guard let id = identifier(first) else { return nil }
        if segments.count == 1 { return .viewer(id) }
        let kind = Array(segments[1])
        switch segments.count {
        case 2 where kind.span.equals("events"): return .events(id)
        case 2 where kind.span.equals("session-requests"): return .requests(id)
        case 3 where kind.span.equals("sessions"):
            return identifier(segments[2]).map { .session(SessionKey(viewerID: id, requestID: $0)) }
        default: return nil
        }
    }

    private static func identifier(_ bytes: ArraySlice<UInt8>) -> ViewerID? {
        guard bytes.count <= mostIdentifierBytes else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // What is not UTF-8 would become the same as something else.
        return text.utf8.elementsEqual(bytes) ? ViewerID(text) : nil
    }

    // MARK: Viewers

    private func answerList(_ exchange: Exchange) {
        if adminGuard.refuses(exchange) { return }
        exchange.answer(json: Array(service.document.utf8))
    }

    private func register(_ id: ViewerID, _ exchange: Exchange) async {
        if case .granted = service.access(id, secret: exchange.request.bearerToken()) {
            answerRegistration(id, secret: nil, exchange)
            return
        }
        if adminGuard.refuses(exchange) { return }
        switch await service.register(id) {
        case .created(let secret): answerRegistration(id, secret: secret, exchange)
        case .taken:
            exchange.answer(
                .conflict,
                "This viewer is somebody's already. Whoever has its secret can renew it: Authorization: Bearer SECRET"
            )
        case .full: answerUnavailable(exchange, "There are too many viewers; close some that are not needed.")
        case .unavailable(let reason): answerUnavailable(exchange, reason)
        }
    }

    private func answerRegistration(_ id: ViewerID, secret: String?, _ exchange: Exchange) {
        var members = [("viewerId", JSONText.string(id.text))]
        if let secret { members.append(("secret", JSONText.string(secret))) }
        members.append(("events", JSONText.string(service.path(id, "events"))))
        members.append(("expiresIn", "\(ViewerService.idleSeconds)"))
        let text = members.map { "\(JSONText.string($0.0)):\($0.1)" }.joined(separator: ",")
        exchange.answer(json: Array("{\(text)}".utf8), status: secret == nil ? .ok : .created)
    }

    private func close(_ id: ViewerID, _ exchange: Exchange) async {
        if case .granted = service.access(id, secret: exchange.request.bearerToken()) {
        } else if adminGuard.refuses(exchange) {
            return
        }
        guard await service.close(id) else {
            exchange.answer(.notFound, "There is no such viewer.")
            return
        }
        exchange.response.status = .noContent
        exchange.response.fields.add("Cache-Control", "no-store")
        exchange.addOwnFields()
    }

    // MARK: Events

    private func answerEvents(_ id: ViewerID, _ exchange: Exchange) async {
        guard let subscriber = subscriber(id, exchange) else { return }
        let parameters = QueryParameters(exchange.request)
        let cursor = Self.cursor(exchange.request, parameters)
        if let text = parameters["wait"] {
            guard let seconds = Int64(text), (0...60).contains(seconds) else {
                exchange.answer(.badRequest, "wait is a whole number of seconds from 0 to 60.")
                return
            }
            await answerBatch(subscriber, after: cursor, seconds: seconds, exchange)
            return
        }
        // Before it is said that events follow.
        let first: EventBatch
        switch await subscriber.read(after: cursor, mostBytes: EventStream.batchBytes) {
        case .success(let batch): first = batch
        case .failure(let error):
            answerUnreadable(exchange, error)
            return
        }
        guard !context.isDraining else {
            answerUnavailable(exchange, "The gateway is stopping.")
            return
        }
        let fields = exchange.response.fields
        fields.add("Content-Type", "text/event-stream")
        fields.add("Cache-Control", "no-store")
        fields.add("X-Accel-Buffering", "no")
        exchange.addOwnFields()
        exchange.response.body = .source(EventStream(subscriber, from: first, exchange, self), length: nil)
    }

    /// Answers with the events after a cursor, or with none when none came in time.
    private func answerBatch(
        _ subscriber: Subscriber,
        after cursor: UInt64?,
        seconds: Int64,
        _ exchange: Exchange
    ) async {
        let wait = beginWait(subscriber, milliseconds: seconds * 1000)
        defer { endWait(wait) }
        exchange.whenClientGoes { wait.end() }
        while true {
            wait.arm()
            let isLast = wait.isOver || now >= wait.deadline || context.isDraining
            if subscriber.isClosed {
                exchange.answer(.notFound, "There is no such viewer.")
                return
            }
            if isLast || subscriber.hasNews(after: cursor) {
                switch await subscriber.read(after: cursor, mostBytes: 256 * 1024) {
                case .success(let batch) where isLast || !batch.records.isEmpty || batch.resync != nil:
                    let buffer = ByteBuffer(capacity: 16 * 1024)
                    EventText.append(json: batch, to: buffer)
                    exchange.answer(json: buffer.unread.copied())
                    return
                case .success: break
                case .failure(let error):
                    answerUnreadable(exchange, error)
                    return
                }
            }
            await wait.wait()
        }
    }

    /// What the client has already; a cursor that the gateway did not give is one that is too old.
    private static func cursor(_ request: RequestHead, _ parameters: QueryParameters) -> UInt64? {
        var cursor = EventText.Cursor.none
        if let text = parameters["cursor"] {
            cursor = EventText.cursor(Array(text.utf8).span)
        } else if let text = request.value(.lastEventID) {
            cursor = EventText.cursor(text)
        }
        return switch cursor {
        case .none: nil
        case .after(let number): number
        case .invalid: .max
        }
    }

    // MARK: Session bundles

    private func openRequest(_ id: ViewerID, _ exchange: Exchange) async {
        guard subscriber(id, exchange) != nil, let seconds = await lifetime(exchange) else { return }
        let request: ViewerID
        switch await service.openRequest(id, seconds: seconds) {
        case .opened(let opened): request = opened
        case .full:
            answerUnavailable(exchange, "Too many session bundles are being waited for.")
            return
        case .closed:
            exchange.answer(.notFound, "There is no such viewer.")
            return
        case .unavailable(let reason):
            answerUnavailable(exchange, reason)
            return
        }
        let query = "viewerId=\(PercentCoding.encode(id.text))&requestId=\(request.text)"
        let document = JSONText.object([
            "requestId": JSONText.string(request.text),
            "upload": JSONText.string("\(service.basePath)_cellucid/session_bundle?\(query)"),
            "expiresIn": "\(seconds)",
        ])
        exchange.answer(json: Array(document.utf8), status: .created)
    }

    /// How long the subscriber wants to wait for a bundle, seconds.
    /// - Returns: `nil` when that is not clear; it has been answered then.
    private func lifetime(_ exchange: Exchange) async -> Int64? {
        let buffer = context.buffers.take()
        defer { context.buffers.give(buffer) }
        exchange.body.limit = Self.mostBodyBytes
        do throws(RequestBodyError) {
            while try await exchange.body.read(into: buffer) > 0 {}
        } catch {
            exchange.response.closesConnection = true
            exchange.answer(.contentTooLarge, "The body is too large.")
            return nil
        }
        if buffer.isEmpty { return SessionLifetime.usual }
        guard let seconds = SessionLifetime.seconds(buffer.unread.copied()) else {
            exchange.answer(.badRequest, "The body is to be JSON like {\"ttl\": 60}, from 1 to 3600 seconds.")
            return nil
        }
        return seconds
    }

    private func answerSession(_ key: SessionKey, _ exchange: Exchange) async {
        guard subscriber(key.viewerID, exchange) != nil else { return }
        switch await service.fetch(key) {
        case .found(let fetch):
            exchange.response.fields.add("Content-Type", "application/octet-stream")
            exchange.response.fields.add("Cache-Control", "no-store")
            exchange.response.fields.add("X-Content-Type-Options", "nosniff")
            exchange.addOwnFields()
            let length = UInt64(fetch.session.count)
            exchange.response.body = .source(SessionSource(fetch, key, service, exchange), length: length)
        case .busy:
            exchange.response.fields.add("Retry-After", "1")
            exchange.answer(.conflict, "This session bundle is being sent already.")
        case .missing(let phase): exchange.answer(.notFound, Self.sentence(phase))
        case .unreadable: exchange.answer(.internalServerError, "The session bundle cannot be read.")
        }
    }

    private static func sentence(_ phase: SessionRequests.Phase?) -> String {
        switch phase {
        case .pending, .receiving: "This session bundle has not arrived yet."
        case .delivered: "This session bundle has been fetched already."
        case .expired: "Nobody has sent this session bundle, or fetched it, in time."
        case .stored, nil: "There is no such session bundle."
        }
    }

    // MARK: Helpers

    /// The viewer that a request with its secret is for.
    /// - Returns: `nil` when it may not be used; it has been answered then.
    private func subscriber(_ id: ViewerID, _ exchange: Exchange) -> Subscriber? {
        switch service.access(id, secret: exchange.request.bearerToken()) {
        case .granted(let subscriber): return subscriber
        case .unknown: exchange.answer(.notFound, "There is no such viewer.")
        case .denied:
            exchange.answerUnauthorized("This needs the secret of the viewer: Authorization: Bearer SECRET")
        case .unavailable(let reason): answerUnavailable(exchange, reason)
        }
        return nil
    }

    private func answerUnavailable(_ exchange: Exchange, _ reason: String) {
        exchange.response.fields.add("Retry-After", "5")
        exchange.answer(.serviceUnavailable, reason)
    }

    private func answerUnreadable(_ exchange: Exchange, _ error: ViewerStoreError) {
        if error.kind == .closed {
            exchange.answer(.notFound, "There is no such viewer.")
            return
        }
        report(error)
        answerUnavailable(exchange, "The events cannot be read: \(error.reason)")
    }

    /// Tells the log why events cannot be read, unless the viewer has been closed.
    func report(_ error: ViewerStoreError) {
        guard error.kind != .closed else { return }
        context.log.error("the events of a viewer cannot be read: \(error)")
    }

    // MARK: Waits

    /// Notes that somebody follows a viewer.
    func keepInUse(_ id: ViewerID) { service.keepInUse(id) }

    /// Begins a wait that this object wakes when its deadline has passed or the gateway stops.
    func beginWait(_ subscriber: Subscriber, milliseconds: Int64) -> EventWait {
        let wait = EventWait(subscriber, loop: context.loop, deadline: now + milliseconds)
        waits[ObjectIdentifier(wait)] = wait
        if !isTicking { startTicking() }
        return wait
    }

    /// Ends ``beginWait(_:milliseconds:)``.
    func endWait(_ wait: EventWait) { waits[ObjectIdentifier(wait)] = nil }

    /// Ends all streams and waits: the gateway is stopping.
    func drain() {
        for wait in waits.values { wait.end() }
    }

    /// Looks at the deadlines as long as somebody waits: one timer of the loop for all of them.
    private func startTicking() {
        isTicking = true
        let bound = LoopBound(self, loop: context.loop)
        Task(executorPreference: context.loop) { await bound.value.tick() }
    }

    private func tick() async {
        while !waits.isEmpty {
            await context.loop.sleep(milliseconds: Self.tickMilliseconds)
            for wait in waits.values where now >= wait.deadline { wait.wake() }
        }
        isTicking = false
    }
}
