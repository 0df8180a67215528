import Bytes
import HTTP
import Reactor
import Server
import Upstream
import Viewers

/// Answers requests below a backend's mount with what the backend answers.
///
/// One object for each event loop.
final class ProxyResponder {
    /// The most bytes of a request's body, those of a session bundle (contract of the Cellucid servers, 1.9).
    static let mostBodyBytes: UInt64 = 512 << 20

    /// The largest body that is sent with its head when it has come with its head.
    private static let mostInlineBytes = 8 * 1024

    /// How long viewers' polls for the health of a server wait, which stop at the first one that fails.
    private static let healthMilliseconds: Int64 = 2_000

    private let client: BackendClient
    private let context: WorkerContext
    /// The prefix of all URLs; begins and ends with a slash.
    private let basePath: [UInt8]

    init(client: BackendClient, context: WorkerContext, basePath: [UInt8]) {
        self.client = client
        self.context = context
        self.basePath = basePath
    }

    /// Passes a request on.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - mounted: where it arrived.
    ///   - rest: the part of the decoded path below the mount.
    func respond(to exchange: Exchange, _ mounted: MountedBackend, _ rest: Range<Int>) async {
        let backend = mounted.backend
        let request = exchange.request
        let path = request.path
        let isServerDocument = Self.isServerDocument(path, rest)
        var forwarded = ForwardedRequest(via: client.via)
        forwarded.pathStart = rest.lowerBound
        forwarded.clientAddress = exchange.peerAddress
        forwarded.isFromTrustedProxy = exchange.isFromTrustedProxy
        if !isServerDocument { forwarded.targetPrefix = mounted.targetPrefix }
        guard !forwarded.isLoop(request) else {
            let failure = BackendFailure(status: .loopDetected, reason: "it leads back to this gateway")
            return answer(failure, backend, exchange)
        }
        let isHealth =
            isServerDocument && request.method.isSafe && path.span.extracting(rest).equals("_cellucid/health")
        if isHealth, let kept = backend.keptHealth(now: Clock.monotonicMilliseconds()) {
            return exchange.answer(json: kept)
        }
        do throws(BackendFailure) {
            if backend.mayHaveWebSockets, ProtocolUpgrade.isWebSocketAsked(by: request) {
                try await respondByTunnel(exchange, mounted, &forwarded)
            } else if backend.isSerial {
                let urgency: RequestTurns.Urgency = isServerDocument ? .soon : .usual
                let patience = isHealth ? Self.healthMilliseconds : nil
                try await respondWhole(exchange, mounted, &forwarded, urgency, patience: patience)
            } else {
                try await respondStreaming(exchange, mounted, &forwarded)
            }
        } catch {
            // One that is just stuck is not for that reason ill.
            if isHealth, error.status != .badGateway,
                let recent = backend.recentHealth(now: Clock.monotonicMilliseconds())
            {
                exchange.response.reset()
                return exchange.answer(json: recent)
            }
            answer(error, backend, exchange)
        }
    }

    /// Says why there is no answer.
    func answer(_ failure: BackendFailure, _ backend: Backend, _ exchange: Exchange) {
        exchange.response.reset()
        if let refusal = failure.refusal { return refuse(exchange, refusal) }
        if failure.status == .serviceUnavailable { exchange.response.fields.add("Retry-After", "2") }
        let name = backend.specification.name ?? backend.specification.mount
        exchange.answer(failure.status, "The server behind \"\(name)\" gives no answer: \(failure.reason)")
    }

    private static func isServerDocument(_ path: [UInt8], _ rest: Range<Int>) -> Bool {
        path.span.extracting(rest).startsWith("_cellucid/")
    }

    // MARK: Backends that take many requests at once

    /// Streams both ways; the answer's head decides.
    private func respondStreaming(
        _ exchange: Exchange,
        _ mounted: MountedBackend,
        _ forwarded: inout ForwardedRequest
    ) async throws(BackendFailure) {
        let backend = mounted.backend
        let request = exchange.request
        let upstream = client.exchange(with: backend)
        var asked = UpstreamExchange.Request(method: request.method, isRepeatable: request.method.isSafe)
        if !exchange.body.isFinished {
            if let length = exchange.body.remainingLength, length > Self.mostBodyBytes {
                return refuseBody(exchange)
            }
            exchange.body.limit = Self.mostBodyBytes
            asked.feed = RequestFeed(exchange)
            asked.isRepeatable = false
            if let length = exchange.body.remainingLength {
                forwarded.framing = .length(length)
            } else {
                forwarded.framing = .chunked
                asked.isChunked = true
            }
        } else if !request.method.isSafe {
            forwarded.framing = .length(0)
        }
        let origin = backend.specification.origin
        if request.method.isSafe { exchange.whenClientGoes { upstream.cancel() } }
        try await client.begin(upstream, asked, at: backend) {
            forwarded.write(request, to: origin, into: $0)
        }
        guard upstream.head.status != .switchingProtocols else { throw Self.unaskedUpgrade }
        answer(upstream, exchange, mounted)
    }

    /// Answers with what a backend has begun to answer.
    private func answer(_ upstream: UpstreamExchange, _ exchange: Exchange, _ mounted: MountedBackend) {
        AnswerFields(upstream.head, mounted, basePath: basePath).copy(to: exchange)
        let status = upstream.head.status
        if status == .noContent || status == .notModified { return }
        let length = Self.length(of: upstream.head)
        if length == 0 { return }
        let inlineBytes = exchange.response.inlineBytes
        if upstream.takeReceived(most: Self.mostInlineBytes, { inlineBytes.append($0) }) {
            exchange.response.body = .inline
        } else {
            exchange.response.body = .source(ProxiedBody(upstream), length: length)
        }
    }

    private static let unaskedUpgrade = BackendFailure(
        status: .badGateway,
        reason: "malformed answer: it switches to another protocol unasked"
    )

    /// The length that the answer has, or that of GET's for an answer to HEAD.
    private static func length(of head: ResponseHead) -> UInt64? {
        guard head.count(of: .contentLength) == 1, head.count(of: .transferEncoding) == 0,
            let value = head.value(.contentLength)
        else { return nil }
        return BodyFraming.decimal(value)
    }

    // MARK: Backends that take one request at a time

    /// Collects the request, asks when it is its turn, collects the answer, and only then answers: nobody's slow line
    /// holds the backend up.
    private func respondWhole(
        _ exchange: Exchange,
        _ mounted: MountedBackend,
        _ forwarded: inout ForwardedRequest,
        _ urgency: RequestTurns.Urgency,
        patience: Int64?
    ) async throws(BackendFailure) {
        let backend = mounted.backend
        guard let content = try await collectBody(of: exchange) else { return }
        forwarded.closesConnection = true
        // 0.0.9 answers HEAD with 404 where GET has an answer (contract 1.4).
        let method: Method = exchange.request.method == .head ? .get : exchange.request.method
        if method != exchange.request.method { forwarded.methodName = "GET" }
        if case .memory(let bytes) = content, bytes.isEmpty, method.isSafe {
            forwarded.framing = .none
        } else {
            forwarded.framing = .length(content.size)
        }
        let upstream = client.exchange(with: backend)
        let token = RequestTurns.makeToken()
        // What changes something is to happen even if the page has gone meanwhile.
        if method.isSafe {
            exchange.whenClientGoes {
                backend.turns.cancel(token)
                upstream.cancel()
            }
            // One that had gone already found nobody in the line.
            if upstream.isCancelled { throw Self.clientHasGone }
        }
        let body = try await client.withTurn(at: backend, key: nil, urgency, token: token, patience: patience)
        {
            () async throws(BackendFailure) in
            let deadline = patience.map { self.client.context.loop.now + $0 } ?? .max
            return try await self.ask(
                upstream,
                backend,
                exchange.request,
                forwarded,
                method,
                content,
                until: deadline
            )
        }
        exchange.forgetClientGoing()
        let path = exchange.request.path
        if upstream.head.status == .ok, path.span.endsWith("/_cellucid/health"),
            case .memory(let bytes) = body
        {
            backend.keepHealth(bytes, now: Clock.monotonicMilliseconds())
        }
        let fields = AnswerFields(upstream.head, mounted, basePath: basePath)
        fields.copy(to: exchange)
        let status = upstream.head.status
        if status == .noContent || status == .notModified { return }
        exchange.response.body = body.body
        if status == .ok, urgency != .soon { PartOfWhole.answer(exchange, upstream.head, body) }
    }

    private static let clientHasGone = BackendFailure(
        status: .serviceUnavailable,
        reason: "the client has gone",
        isUndelivered: true
    )

    /// One request and its whole answer; within a turn.
    /// - Parameters:
    ///   - upstream: an exchange that has not begun, and that has ended afterwards.
    ///   - backend: whom to ask.
    ///   - request: what the client sent.
    ///   - forwarded: how it goes on; its framing is the length of `content`.
    ///   - method: the method as it goes on.
    ///   - content: the request's body.
    ///   - deadline: the loop's milliseconds by which all of it must be done.
    /// - Returns: the answer's body.
    /// - Throws: ``BackendFailure``.
    private func ask(
        _ upstream: UpstreamExchange,
        _ backend: Backend,
        _ request: RequestHead,
        _ forwarded: borrowing ForwardedRequest,
        _ method: Method,
        _ content: FileContent,
        until deadline: Int64
    ) async throws(BackendFailure) -> FileContent {
        var asked = UpstreamExchange.Request(method: method, isRepeatable: method.isSafe)
        asked.deadline = deadline
        var inMemory: [UInt8] = []
        switch content {
        case .memory(let bytes): inMemory = bytes
        case .file(let file):
            asked.feed = FileFeed(file)
            asked.isRepeatable = false
        }
        let origin = backend.specification.origin
        try await client.begin(upstream, asked, at: backend) { buffer in
            forwarded.write(request, to: origin, into: buffer)
            buffer.append(inMemory)
        }
        guard upstream.head.status != .switchingProtocols else { throw Self.unaskedUpgrade }
        return try await collectAnswer(of: upstream, backend)
    }

    /// The whole body of a request; `nil` when it has been refused.
    private func collectBody(of exchange: Exchange) async throws(BackendFailure) -> FileContent? {
        if exchange.body.isFinished { return .memory([]) }
        if let length = exchange.body.remainingLength, length > Self.mostBodyBytes {
            refuseBody(exchange)
            return nil
        }
        exchange.body.limit = Self.mostBodyBytes
        let spool = Spool(folders: client.spoolFolders, pool: context.blockingPool)
        let buffer = client.context.takeBuffer()
        defer { client.context.give(buffer) }
        do {
            while try await exchange.body.read(into: buffer) > 0 { try await spool.append(buffer) }
            return try await spool.finish()
        } catch {
            if let error = error as? Spool.Failure { warn(of: error) }
            throw BackendFailure(ofBody: error)
        }
    }

    private func refuse(_ exchange: Exchange, _ error: HTTPError) {
        guard error.status == .contentTooLarge else { return exchange.response.setError(error) }
        refuseBody(exchange)
        if error.breaksFraming { exchange.response.closesConnection = true }
    }

    private func refuseBody(_ exchange: Exchange) {
        let path = exchange.request.path
        if path.span.endsWith("/_cellucid/session_bundle") {
            return EventAnswers.answerText(.contentTooLarge, SessionUploadError.tooLarge.text, exchange)
        }
        exchange.answer(.contentTooLarge, "The request's body is larger than \(Self.mostBodyBytes) bytes.")
    }

    private func warn(of failure: Spool.Failure) {
        if let detail = failure.detail { context.warnOccasionally("bodies cannot be collected: \(detail)") }
    }

    private func collectAnswer(
        of upstream: UpstreamExchange,
        _ backend: Backend
    ) async throws(BackendFailure) -> FileContent {
        let spool = Spool(folders: client.spoolFolders, pool: context.blockingPool)
        let buffer = client.context.takeBuffer()
        defer { client.context.give(buffer) }
        do {
            while try await upstream.read(into: buffer) > 0 { try await spool.append(buffer) }
            return try await spool.finish()
        } catch let error as UpstreamError {
            throw client.failure(error, backend)
        } catch let error as Spool.Failure {
            warn(of: error)
            throw BackendFailure(status: .serviceUnavailable, reason: error.reason)
        } catch {
            throw BackendFailure(status: .badGateway, reason: "\(error)")
        }
    }

    // MARK: WebSockets

    /// Asks for the upgrade; what else the backend answers is passed on.
    private func respondByTunnel(
        _ exchange: Exchange,
        _ mounted: MountedBackend,
        _ forwarded: inout ForwardedRequest
    ) async throws(BackendFailure) {
        let backend = mounted.backend
        let request = exchange.request
        forwarded.upgrades = true
        // For pages of other sites the gateway does not vouch; the backend refuses those that it does not know.
        forwarded.isOriginTrusted = CrossOrigin.mayChangeState(request)
        let upstream = client.exchange(with: backend)
        let asked = UpstreamExchange.Request(method: .get, isRepeatable: true)
        let origin = backend.specification.origin
        try await client.begin(upstream, asked, at: backend) {
            forwarded.write(request, to: origin, into: $0)
        }
        guard upstream.head.status == .switchingProtocols else {
            return answer(upstream, exchange, mounted)
        }
        guard upstream.head.list(.upgrade, contains: "websocket"),
            let tunnel = upstream.makeTunnel(.webSocket)
        else {
            throw BackendFailure(
                status: .badGateway,
                reason: "it switches to another protocol than was asked for"
            )
        }
        AnswerFields(upstream.head, mounted, basePath: basePath).copy(to: exchange)
        exchange.response.fields.add("Connection", "Upgrade")
        exchange.response.fields.add("Upgrade", "websocket")
        exchange.response.upgrade = TunnelUpgrade(tunnel)
    }
}
