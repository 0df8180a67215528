import Bytes
import HTTP
import Reactor
import Telemetry
import Transport

/// One accepted connection that speaks HTTP/1.x, served by one task from its first byte to its last.
final class HTTP1Connection {
    /// How serving a request ended.
    enum Continuation {
        /// The connection is ready for the next request.
        case next
        case end(ConnectionEnding)
    }

    let stream: ByteStream
    let context: WorkerContext
    /// What was received and not yet consumed.
    ///
    /// An idle connection lends its memory back to the pool.
    var input: ByteBuffer
    /// Bytes of the current answer's body that were sent.
    var bodyBytesSent: UInt64 = 0

    /// What has taken the connection over after a 101.
    var upgrade: (any ConnectionUpgrade)?

    private var isIdle = true

    init(stream: ByteStream, context: WorkerContext, input: ByteBuffer) {
        self.stream = stream
        self.context = context
        self.input = input
    }

    /// Serves requests until the connection is to end, or until it has been idle for a while.
    func serve() async -> ConnectionEnding {
        while true {
            if input.isEmpty {
                if case .end(let ending) = await waitForRequest() { return ending }
                if input.isEmpty { continue }
            }
            let exchange = context.takeExchange()
            exchange.stream = stream
            let continuation = await serve(exchange)
            context.give(exchange)
            if case .end(let ending) = continuation { return ending }
            if context.isDraining { return .close }
        }
    }

    /// Gives its memory back.
    func release() {
        context.buffers.give(input)
        input = context.noBuffer
    }

    /// Waits for the first bytes of a request, without a buffer.
    private func waitForRequest() async -> Continuation {
        context.lendBack(self)
        isIdle = true
        if context.servingTasks > context.limits.unparkedConnections, !stream.channel.isReadReady {
            return .end(.park)
        }
        let parkTime = min(context.limits.parkMilliseconds, context.limits.idleMilliseconds)
        let readiness = await stream.channel.waitReadable(until: context.loop.now + parkTime)
        if readiness == .timedOut { return .end(.park) }
        isIdle = false
        context.lend(to: self)
        return readiness == .ready && receive() ? .next : .end(.close)
    }

    /// Ends the connection if it has no request under way; otherwise it ends after the answer, or when what has taken it
    /// over has come to its end.
    func drain() {
        if let upgrade {
            upgrade.drain()
        } else if isIdle {
            stream.channel.interrupt()
        }
    }

    // MARK: One request

    private func serve(_ exchange: Exchange) async -> Continuation {
        if context.accessLog != nil { exchange.startedMicroseconds = Clock.monotonicMicroseconds() }
        do throws(HTTPError) {
            guard try await readHead(exchange) else { return .end(.close) }
        } catch {
            if !error.breaksFraming { input.consume(exchange.parser.completedLength) }
            return await refuse(error, exchange)
        }
        let request = exchange.request
        var keepsAlive = Persistence.isKeptAlive(request)
        do throws(HTTPError) {
            let framing = try BodyFraming(request)
            let awaitsContinue = try Expectation.awaitsContinue(request)
            exchange.body.begin(framing, awaitsContinue: awaitsContinue, connection: self)
        } catch {
            return await refuse(error, exchange)
        }
        guard let handler = context.handler else { return .end(.abort) }
        context.counters.http1Requests.add()
        if !handler.respondAtOnce(to: exchange) { await handler.respond(to: exchange) }
        if exchange.response.upgrade != nil || exchange.response.status == .switchingProtocols {
            exchange.refuseUnaskedUpgrade()
            if let upgrade = exchange.response.upgrade { return await switchProtocols(exchange, to: upgrade) }
        }

        // A client that still waits for 100 Continue may send the body or the next request: nobody can tell.
        if exchange.response.closesConnection || context.isDraining { keepsAlive = false }
        let framing = framing(of: exchange.response, request.version)
        if exchange.body.isFailed || framing == .untilClose { keepsAlive = false }
        if !exchange.body.isFinished {
            let remaining = exchange.body.remainingLength ?? 0
            if exchange.body.awaitsContinue || remaining > context.limits.drainBytes { keepsAlive = false }
        }
        do {
            try await send(exchange, framing, keepsAlive: keepsAlive)
        } catch {
            record(exchange)
            return .end(.abort)
        }
        record(exchange)
        if exchange.body.isFinished { return keepsAlive ? .next : .end(.close) }
        guard keepsAlive, await drainBody(exchange) else { return .end(.linger) }
        return .next
    }

    /// - Returns: `false` when the client went before it had sent a whole head.
    private func readHead(_ exchange: Exchange) async throws(HTTPError) -> Bool {
        let deadline = context.loop.now + context.limits.headerMilliseconds
        while true {
            let input = input
            if let length = try exchange.parser.parse(input.unread, into: exchange.request) {
                input.consume(length)
                return true
            }
            if stream.channel.isReadReady {
                let before = input.count
                guard receive() else { return false }
                if input.count > before { continue }
            }
            switch await stream.channel.waitReadable(until: deadline) {
            case .ready: continue
            case .interrupted: return false
            case .timedOut:
                // Stray CR LF between requests is no request, and nobody waits for an answer to it.
                if input.unread[0] <= 0x20 { return false }
                throw HTTPError(.requestTimeout, "the request took too long to arrive")
            }
        }
    }

    /// Answers a request that could not be understood.
    private func refuse(_ error: HTTPError, _ exchange: Exchange) async -> Continuation {
        exchange.response.reset()
        exchange.response.setError(error)
        let keepsAlive = !error.breaksFraming && Persistence.isKeptAlive(exchange.request)
        var survives = keepsAlive
        if keepsAlive {
            // The head was whole, only its meaning was refused; a body would have to be skipped first.
            survives =
                exchange.request.count(of: .contentLength) == 0
                && exchange.request.count(of: .transferEncoding) == 0
        }
        do {
            let framing = framing(of: exchange.response, exchange.request.version)
            try await send(exchange, framing, keepsAlive: survives)
        } catch {
            return .end(.abort)
        }
        record(exchange)
        return survives ? .next : .end(.linger)
    }

    func record(_ exchange: Exchange) {
        context.record(exchange, bytes: bodyBytesSent, peer: stream.peerName)
    }

    // MARK: Input

    /// Reads what has arrived.
    /// - Returns: `false` when the peer has ended its side or the connection broke.
    private func receive() -> Bool {
        if input.freeCount < 1024 { input.reserve(8 * 1024) }
        do throws(StreamError) {
            return try stream.read(into: input) != .endOfStream
        } catch {
            return false
        }
    }

    /// A watch that starts now.
    func newWatch() -> TransferWatch { TransferWatch(limits: context.limits, now: context.loop.now) }

    /// Waits for more of a request's body.
    /// - Returns: `false` when the client went or was too slow.
    func fillForBody(_ watch: inout TransferWatch) async -> Bool {
        let before = input.count
        while true {
            guard receive() else { return false }
            if input.count > before {
                watch.note(input.count - before)
                return true
            }
            switch await stream.channel.waitReadable(until: watch.deadline) {
            case .ready: continue
            case .interrupted: return false
            case .timedOut:
                guard watch.continuesAfterDeadline(now: context.loop.now) else { return false }
            }
        }
    }

    /// Reads away a body that the handler left.
    /// - Returns: whether its end was reached within the bound.
    private func drainBody(_ exchange: Exchange) async -> Bool {
        if exchange.body.isFailed { return false }
        exchange.body.limit = .max
        let waste = context.buffers.take()
        defer { context.buffers.give(waste) }
        var drained: UInt64 = 0
        while drained <= context.limits.drainBytes {
            do throws(RequestBodyError) {
                let count = try await exchange.body.read(into: waste)
                if count == 0 && exchange.body.isFinished { return true }
                drained += UInt64(count)
            } catch {
                return false
            }
            waste.removeAll()
            if exchange.body.isFinished { return true }
        }
        return false
    }
}
