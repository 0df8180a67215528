import Bytes
import HTTP
import Reactor
import Upstream
import Viewers

/// Asks backends, from one event loop.
final class BackendClient {
    /// What connections to backends share on this loop.
    let context: UpstreamContext
    /// How long a request may wait for others to the same backend.
    private let queueMilliseconds: Int64
    /// The gateway's name in the Via field.
    let via: [UInt8]
    /// Where bodies are collected: in the first folder that can be used.
    let spoolFolders: [String]
    private let noteNews: @Sendable () -> Void
    /// For each backend by its serial; few are searched faster than hashed.
    private var pools: [(serial: UInt64, pool: ConnectionPool)] = []

    /// - Parameters:
    ///   - context: what connections share.
    ///   - queueMilliseconds: how long a request may wait for others to the same backend.
    ///   - via: the gateway's name in the Via field.
    ///   - spoolFolders: where bodies are collected: in the first folder that can be used.
    ///   - noteNews: called when a backend begins or ceases to answer; on any loop.
    init(
        context: UpstreamContext,
        queueMilliseconds: Int64,
        via: [UInt8],
        spoolFolders: [String],
        noteNews: @escaping @Sendable () -> Void
    ) {
        self.context = context
        self.queueMilliseconds = queueMilliseconds
        self.via = via
        self.spoolFolders = spoolFolders
        self.noteNews = noteNews
    }

    /// An exchange that has not begun; for serial backends within a turn only.
    func exchange(with backend: Backend) -> UpstreamExchange { UpstreamExchange(pool: pool(for: backend)) }

    /// Closes the connections to backends that are no more.
    func keepOnly(_ backends: [Backend]) {
        let serials = Set(backends.map(\.serial))
        for (serial, pool) in pools where !serials.contains(serial) { pool.close() }
        pools.removeAll { !serials.contains($0.serial) }
    }

    private func pool(for backend: Backend) -> ConnectionPool {
        let isSerial = backend.isSerial
        let index = pools.firstIndex { $0.serial == backend.serial }
        if let index {
            let pool = pools[index].pool
            if pool.keepsConnections != isSerial { return pool }
            // Its dialect has become known.
            pool.close()
            pools.remove(at: index)
        }
        var limits = ConnectionPool.Limits()
        limits.connections = 256
        limits.waiting = RequestTurns.mostWaiting
        limits.turnMilliseconds = queueMilliseconds
        // The third generation closes idle connections after 120 s (contract 7.4.5).
        limits.idleMilliseconds = isSerial ? 0 : 60_000
        let pool = ConnectionPool(origin: backend.specification.origin, context: context, limits: limits)
        pools.append((backend.serial, pool))
        return pool
    }

    // MARK: Turns

    /// Runs `work` when it is its turn.
    /// - Parameters:
    ///   - backend: whom `work` asks.
    ///   - key: what keeps its order.
    ///   - urgency: how soon.
    ///   - token: what the turns know it by.
    ///   - patience: how long it waits for its turn, if not as long as all, milliseconds.
    ///   - work: asks the backend.
    /// - Returns: what `work` does.
    /// - Throws: ``BackendFailure``, also those of `work`.
    func withTurn<Result>(
        at backend: Backend,
        key: ViewerID?,
        _ urgency: RequestTurns.Urgency,
        token: UInt64 = RequestTurns.makeToken(),
        patience: Int64? = nil,
        _ work: () async throws(BackendFailure) -> Result
    ) async throws(BackendFailure) -> Result {
        try await enterTurn(of: backend.turns, key: key, urgency, token: token, patience: patience)
        defer { backend.turns.leave(key: key) }
        return try await work()
    }

    /// Waits for a turn as ``withTurn(at:key:_:token:patience:_:)`` does; `turns.leave(key:)` must follow.
    func enterTurn(
        of turns: RequestTurns,
        key: ViewerID?,
        _ urgency: RequestTurns.Urgency,
        token: UInt64 = RequestTurns.makeToken(),
        patience: Int64? = nil
    ) async throws(BackendFailure) {
        do throws(RequestTurns.Refusal) {
            try await turns.enter(
                key: key,
                urgency: urgency,
                until: Clock.monotonicMilliseconds() + (patience ?? queueMilliseconds),
                token: token
            )
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ refusal: RequestTurns.Refusal) -> BackendFailure {
        let reason =
            switch refusal {
            case .full: "too many requests wait for it already; try again in a moment"
            case .timedOut: "it is busy with another request; try again in a moment"
            case .closed: "it was taken away"
            case .cancelled: "the client has gone"
            }
        return BackendFailure(status: .serviceUnavailable, reason: reason, isUndelivered: true)
    }

    // MARK: Asking

    /// Begins an exchange and notes what its outcome says about the backend.
    /// - Parameters:
    ///   - exchange: one that has not begun.
    ///   - request: what is asked.
    ///   - backend: whom.
    ///   - countsAsHealth: whether a backend that answers this is well.
    ///   - writeHead: writes the request's head.
    /// - Throws: ``BackendFailure``.
    func begin(
        _ exchange: UpstreamExchange,
        _ request: UpstreamExchange.Request,
        at backend: Backend,
        countsAsHealth: Bool = true,
        writeHead: (ByteBuffer) -> Void
    ) async throws(BackendFailure) {
        do {
            try await exchange.begin(request, writeHead: writeHead)
            if countsAsHealth, backend.noteAnswer() { noteNews() }
        } catch let error as UpstreamError {
            throw failure(error, backend)
        } catch let error as UpstreamExchange.FeedError {
            throw BackendFailure(ofBody: error.reason)
        } catch {
            throw BackendFailure(status: .badGateway, reason: "\(error)")
        }
    }

    /// Reads the rest of an answer into memory.
    /// - Parameters:
    ///   - exchange: its head has been read.
    ///   - limit: the most bytes.
    ///   - backend: for the error.
    /// - Returns: the body.
    /// - Throws: ``BackendFailure``.
    func body(of exchange: UpstreamExchange, limit: Int, _ backend: Backend) async throws(BackendFailure)
        -> [UInt8]
    {
        var whole: [UInt8] = []
        if exchange.takeReceived(most: limit, { whole = $0.copied() }) { return whole }
        let buffer = context.takeBuffer()
        defer { context.give(buffer) }
        do throws(UpstreamError) {
            while true {
                let received = try exchange.readReceived(into: buffer)
                let count = if let received { received } else { try await exchange.read(into: buffer) }
                if count == 0 { break }
                guard buffer.count <= limit else {
                    exchange.end()
                    throw UpstreamError(
                        .tooLarge(limit: UInt64(limit)),
                        at: "\(backend.specification.origin)"
                    )
                }
            }
        } catch {
            throw failure(error, backend)
        }
        return buffer.unread.copied()
    }

    /// Asks for something small that the gateway itself wants to know; for serial backends within a turn only.
    /// - Parameters:
    ///   - backend: whom.
    ///   - target: path and query.
    ///   - json: the body of a POST; `nil` for a GET.
    ///   - milliseconds: how long all of it may take.
    ///   - countsAsHealth: whether a backend that answers this is well.
    /// - Returns: the answer.
    /// - Throws: ``BackendFailure``.
    func ask(
        _ backend: Backend,
        _ target: String,
        json: String? = nil,
        milliseconds: Int64,
        countsAsHealth: Bool = true
    ) async throws(BackendFailure) -> BackendAnswer {
        let exchange = exchange(with: backend)
        let method: Method = json == nil ? .get : .post
        var request = UpstreamExchange.Request(method: method, isRepeatable: json == nil)
        request.deadline = context.loop.now + milliseconds
        let origin = backend.specification.origin
        let closes = backend.isSerial
        try await begin(exchange, request, at: backend, countsAsHealth: countsAsHealth) { buffer in
            buffer.append(
                "\(json == nil ? "GET" : "POST") \(target) HTTP/1.1\r\nHost: \(origin.authority)\r\n"
            )
            buffer.append("Accept: application/json\r\nUser-Agent: cellucid-gateway/\(Version.current)\r\n")
            if let json {
                buffer.append("Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n")
            }
            buffer.append("Via: 1.1 ")
            buffer.append(via)
            buffer.append("\r\n")
            if closes { buffer.append("Connection: close\r\n") }
            buffer.append("\r\n")
            if let json { buffer.append(json) }
        }
        let body = try await body(of: exchange, limit: 8 << 20, backend)
        return BackendAnswer(exchange.head, body: body)
    }

    /// What a failure means for a client, noted with the backend when it cannot be reached.
    func failure(_ error: UpstreamError, _ backend: Backend) -> BackendFailure {
        switch error.cause {
        case .notConnected, .unknownHost, .invalidURL, .certificate, .tls, .plainHTTP, .proxy:
            if backend.noteFailure(error.reason) { noteNews() }
            return BackendFailure(status: .badGateway, reason: error.reason, isUndelivered: true)
        case .timedOut(.connect), .timedOut(.lookUp), .timedOut(.tls):
            if backend.noteFailure(error.reason) { noteNews() }
            return BackendFailure(status: .gatewayTimeout, reason: error.reason, isUndelivered: true)
        case .timedOut(.turn):
            return BackendFailure(
                status: .serviceUnavailable,
                reason: "it is busy with other requests; try again in a moment",
                isUndelivered: true
            )
        case .timedOut: return BackendFailure(status: .gatewayTimeout, reason: error.reason)
        case .cancelled: return BackendFailure(status: .serviceUnavailable, reason: error.reason)
        case .connectionLost, .truncated, .malformedAnswer, .tooLarge, .redirectedElsewhere,
            .tooManyRedirects,
            .notStored:
            return BackendFailure(status: .badGateway, reason: error.reason)
        }
    }
}
