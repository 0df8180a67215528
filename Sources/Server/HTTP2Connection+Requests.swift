import Bytes
import HTTP
import HTTP2
import Reactor
import Telemetry
import Transport

/// Requests: from their heads to the answers that are handed to the session.
extension HTTP2Connection {
    func begin(_ stream: HTTP2Stream) {
        let exchange = context.takeExchange()
        exchange.stream = self.stream
        context.heads.give(exchange.exchangeHead(for: session.takeHead(of: stream)))
        let current = ServedStream(stream: stream, exchange: exchange, connection: self)
        while served.count <= stream.place { served.append(nil) }
        served[stream.place] = current
        servedCount += 1
        if context.accessLog != nil { exchange.startedMicroseconds = Clock.monotonicMicroseconds() }
        context.counters.http2Requests.add()
        do throws(HTTPError) {
            try readHead(current)
        } catch {
            exchange.response.setError(error)
            submit(current)
            return
        }
        guard let handler = context.handler else { return reset(stream, .refusedStream) }
        if handler.respondAtOnce(to: exchange) {
            submit(current)
        } else if taskCount < context.limits.http2.maxStreams {
            startTask(current) { [self] in
                await handler.respond(to: current.exchange)
                submit(current)
                await sendSource(of: current)
            }
        } else {
            // Tasks of streams that the client has reset go on for a while; they count too.
            reset(stream, .refusedStream)
        }
    }

    func readHead(_ current: ServedStream) throws(HTTPError) {
        let request = current.exchange.request
        if current.stream.isHeadTooLarge {
            context.counters.http2HeadersTooLarge.add()
            throw HTTPError(.headerFieldsTooLarge, "the header fields are too large")
        }
        try request.finishHTTP2()
        let framing = try BodyFraming(request)
        let awaitsContinue = try Expectation.awaitsContinue(request)
        let isComplete = current.stream.isRequestComplete
        // The whole body may have come together with the head.
        guard !isComplete || current.stream.receivedCount > 0 else { return }
        var length: UInt64?
        if case .length(let announced) = framing { length = announced }
        current.exchange.body.begin(
            length: length,
            awaitsContinue: awaitsContinue && !isComplete,
            stream: current
        )
    }

    /// Lets a task work for a stream.
    func startTask(_ current: ServedStream, _ work: @escaping () async -> Void) {
        current.hasTask = true
        taskCount += 1
        let bound = LoopBound((self, current, work), loop: context.loop)
        Task(executorPreference: context.loop) {
            let (connection, current, work) = bound.value
            await work()
            connection.endTask(current)
        }
    }

    func endTask(_ current: ServedStream) {
        current.hasTask = false
        taskCount -= 1
        if current.stream.isClosed { release(current) }
    }

    func sendSource(of current: ServedStream) async {
        guard current.isSending, case .source(let source, let length) = current.exchange.response.body else {
            return
        }
        await current.send(source, length: length)
    }

    /// Sends the answer that the handler has made.
    func submit(_ current: ServedStream) {
        guard !current.stream.isClosed else { return }
        let response = current.exchange.response
        if response.upgrade != nil || response.status == .switchingProtocols {
            current.exchange.refuseUnaskedUpgrade()
        }
        let hasContent = response.status != .noContent && response.status != .notModified
        let length = hasContent ? response.body.length(inline: response.inlineBytes.count) : nil
        let hasBody = hasContent && length != 0 && current.exchange.request.method != .head
        session.respond(
            to: current.stream,
            status: response.status,
            date: context.date,
            fields: response.fields,
            length: length,
            hasBody: hasBody
        )
        if hasBody {
            current.beginBody()
            if case .source = response.body {
                if !current.hasTask { startTask(current) { [self] in await sendSource(of: current) } }
            } else if let length {
                session.bodyAvailable(current.stream, bytes: length, isLast: true)
            }
            if (length ?? .max) > Self.unsharedBytes {
                let request = current.exchange.request
                var priority = Priority()
                if let wanted = request.value(.priority) { priority = Priority(wanted) }
                session.share(current.stream, urgency: priority.urgency)
            }
        }
        wake()
    }

    /// Notes that a stream has ended.
    func end(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard let current = served(stream) else {
            session.recycle(stream)
            return
        }
        finish(current)
    }

    /// Gives a client time to send the rest of a request that has its answer already.
    func endLater(_ stream: HTTP2Stream) {
        guard let current = served(stream) else { return }
        // Who waits to be told to go on is not sending.
        if current.exchange.body.awaitsContinue { return reset(stream, .noError) }
        current.endDeadline = context.loop.now + context.limits.stallMilliseconds
        expect(by: current.endDeadline)
    }

    func finish(_ current: ServedStream) {
        served[current.stream.place] = nil
        servedCount -= 1
        context.record(current.exchange, bytes: current.stream.sentBytes, peer: stream.peerName)
        current.closed()
        if !current.hasTask { release(current) }
    }

    /// Gives back what a stream needed that has ended and that no task uses any more.
    func release(_ current: ServedStream) {
        session.recycle(current.stream)
        context.give(current.exchange)
    }

    // MARK: For streams

    /// Sees to it that what has become due is sent.
    func wake() {
        hasNews = true
        if isWaiting { stream.channel.notify() }
    }

    func takeBody(of stream: HTTP2Stream, into buffer: ByteBuffer) -> Int {
        defer { wake() }
        return session.takeBody(of: stream, into: buffer)
    }

    func sendContinue(on stream: HTTP2Stream) {
        session.sendContinue(on: stream)
        wake()
    }

    func bodyAvailable(_ stream: HTTP2Stream, bytes: UInt64, isLast: Bool) {
        session.bodyAvailable(stream, bytes: bytes, isLast: isLast)
        wake()
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        session.reset(stream, code)
        wake()
    }
}
