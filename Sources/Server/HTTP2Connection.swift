import Bytes
import HTTP
import HTTP2
import Reactor
import Telemetry
import Transport

/// One accepted connection that speaks HTTP/2.
///
/// One task reads, hands requests to the handler, and writes what is due; requests that cannot be answered at
/// once get a task each, which tells the connection when there is something to send.
final class HTTP2Connection {
    /// Bytes of frames that are made before they are written: what was framed already cannot be overtaken by
    /// something more urgent.
    private static let outputLimit = 48 * 1024
    /// Capacity of an output buffer: the limit, and the frame that goes over it.
    static let outputCapacity = outputLimit + 17 * 1024
    /// Bytes that the kernel may hold unsent, for the same reason.
    private static let unsentBytes: Int32 = 128 * 1024
    /// Bytes that are sent before other connections get their turn.
    private static let bytesPerTurn = 1024 * 1024
    /// Reads before what they brought is answered.
    private static let readsPerTurn = 8
    /// Bodies up to this size are sent in one go; larger ones share the line.
    private static let unsharedBytes: UInt64 = 64 * 1024
    /// Milliseconds that a client has to take note of a coming shutdown.
    private static let shutdownMilliseconds: Int64 = 1_000

    let stream: ByteStream
    let context: WorkerContext
    private let session: HTTP2Session
    private var output: ByteBuffer
    private var served: [ServedStream?] = []
    private var servedCount = 0
    private var taskCount = 0
    private var isLost = false
    private var isParked = false
    /// Whether the connection's task waits for something to happen.
    private var isWaiting = false
    /// Whether the session may have something new to send.
    private var hasNews = false
    private var isTerminated = false
    /// Until when a header block, or the client's SETTINGS, must be complete.
    private var headDeadline = Int64.max
    /// Until when somebody waits for a request's body.
    private var bodyDeadline = Int64.max
    private var shutdownDeadline = Int64.max
    /// Watches the sending while there is something to send.
    private var watch: TransferWatch?

    init(stream: ByteStream, context: WorkerContext) {
        self.stream = stream
        self.context = context
        output = context.noBuffer
        session = HTTP2Session(context.limits.http2, scratch: context.http2, now: context.loop.now)
        stream.channel.limitUnsent(bytes: Self.unsentBytes)
        headDeadline = context.loop.now + context.limits.headerMilliseconds
        context.counters.http2Connections.add()
    }

    /// Serves requests until the connection is to end, or until it has been idle for a while.
    func serve() async -> ConnectionEnding {
        isParked = false
        if context.isDraining { drain() }
        while true {
            receiveAvailable()
            if isLost { return .close }
            let isTurnOver: Bool
            do throws(StreamError) {
                isTurnOver = try flush()
            } catch {
                return .abort
            }
            if session.isOver, output.isEmpty, !stream.hasPendingOutput {
                return isTerminated ? .linger : .close
            }
            if let ending = checkDeadlines() { return ending }
            if isTurnOver || stream.channel.isReadReady || hasNews {
                await context.loop.yield()
                continue
            }
            if isIdle {
                if context.servingTasks > context.limits.unparkedConnections { return park() }
                let parkTime = min(context.limits.parkMilliseconds, context.limits.idleMilliseconds)
                switch await wait(until: context.loop.now + parkTime) {
                case .ready: continue
                case .timedOut where isIdle: return park()
                case .timedOut: continue
                case .interrupted: return .close
                }
            }
            if await wait(until: nextDeadline()) == .interrupted { return .close }
        }
    }

    private func wait(until deadline: Int64) async -> Readiness {
        isWaiting = true
        defer { isWaiting = false }
        return await stream.channel.waitForActivity(until: deadline)
    }

    /// Ends the connection when it is idle; otherwise tells the client that it will end.
    func drain() {
        if isParked {
            stream.channel.interrupt()
        } else {
            session.beginShutdown()
            shutdownDeadline = context.loop.now + Self.shutdownMilliseconds
            wake()
        }
    }

    /// Gives everything up.
    /// - Parameter sayingGoodbye: whether the client is still there to be told.
    func release(sayingGoodbye: Bool) {
        if sayingGoodbye, !isTerminated, !isLost {
            terminate(.noError)
            _ = try? flush()
        }
        isLost = true
        for stream in session.abandon() {
            guard let served = served[stream.place] else { continue }
            finish(served)
        }
        giveOutputBack()
    }

    private var isIdle: Bool {
        servedCount == 0 && output.isEmpty && headDeadline == .max && shutdownDeadline == .max
            && !stream.hasPendingOutput
    }

    private func park() -> ConnectionEnding {
        isParked = true
        return .park
    }

    private func terminate(_ code: HTTP2ErrorCode) {
        isTerminated = true
        borrowOutput()
        session.terminate(code, into: output)
    }

    // MARK: Deadlines

    /// The earliest time at which something must have happened.
    private func nextDeadline() -> Int64 {
        min(min(headDeadline, bodyDeadline), min(shutdownDeadline, watch?.deadline ?? .max))
    }

    /// Somebody expects more of a request's body by then.
    func expect(by deadline: Int64) { bodyDeadline = min(bodyDeadline, deadline) }

    /// Sees to what has not happened in time.
    private func checkDeadlines() -> ConnectionEnding? {
        let now = context.loop.now
        if now >= headDeadline {
            headDeadline = .max
            terminate(.protocolError)
            _ = try? flush()
            return .linger
        }
        if now >= shutdownDeadline { finishShutdown() }
        if now >= bodyDeadline {
            bodyDeadline = .max
            for case let served? in served {
                bodyDeadline = min(bodyDeadline, served.checkDeadline(now: now))
            }
        }
        return checkProgress(now)
    }

    private func finishShutdown() {
        shutdownDeadline = .max
        session.finishShutdown()
        wake()
    }

    /// Ends what the client does not take: single streams that it keeps blocked, or the whole connection.
    private func checkProgress(_ now: Int64) -> ConnectionEnding? {
        let isSocketFull = !output.isEmpty || stream.hasPendingOutput
        guard isSocketFull || served.contains(where: { $0?.isSending == true }) else {
            watch = nil
            return nil
        }
        guard var current = watch else {
            watch = newWatch()
            watch?.note(sendQueue: stream.channel.sendQueueBytes)
            return nil
        }
        guard now >= current.deadline else { return nil }
        current.note(sendQueue: stream.channel.sendQueueBytes)
        let isMoving = current.continuesAfterDeadline(now: now)
        if isSocketFull && !isMoving { return .abort }
        watch = isMoving ? current : newWatch()
        for case let served? in served where served.isSending {
            let hasMoved = served.stream.sentBytes > served.sentBytesSeen
            served.sentBytesSeen = served.stream.sentBytes
            if hasMoved || (isMoving && !session.isBlocked(served.stream)) { continue }
            session.reset(served.stream, .cancel)
            context.counters.http2StreamsStalled.add()
        }
        return nil
    }

    /// A watch that starts now.
    func newWatch() -> TransferWatch { TransferWatch(limits: context.limits, now: context.loop.now) }

    // MARK: Receiving

    private func receiveAvailable() {
        for _ in 0..<Self.readsPerTurn where stream.channel.isReadReady && !isLost {
            let input = context.received
            input.removeAll()
            do throws(StreamError) {
                if try stream.read(into: input) == .endOfStream { isLost = true }
            } catch {
                isLost = true
            }
            receive(input.unread)
        }
    }

    /// Takes bytes that have arrived.
    func receive(_ bytes: Span<UInt8>) {
        if bytes.isEmpty { return }
        session.receive(bytes, now: context.loop.now)
        handleEvents()
        if let violation = session.violation, !isTerminated { punish(violation) }
        if session.isReceivingHead || !session.hasReceivedSettings {
            if headDeadline == .max { headDeadline = context.loop.now + context.limits.headerMilliseconds }
        } else {
            headDeadline = .max
        }
    }

    private func punish(_ violation: HTTP2Violation) {
        let counters = context.counters
        switch violation {
        case .notHTTP2: break
        case .continuations: counters.http2ContinuationFloods.add()
        case .resets: counters.http2ResetFloods.add()
        case .controlFrames: counters.http2ControlFrameFloods.add()
        }
        if violation != .notHTTP2 {
            let peer = Listener.peerAddress(of: stream.channel.descriptor)?.shownHost ?? "a client"
            context.warnOccasionally("\(peer) was disconnected: \(violation.description)")
        }
        terminate(violation.errorCode)
    }

    private func handleEvents() {
        let events = session.takeEvents()
        for event in events {
            switch event {
            case .request(let stream): begin(stream)
            case .body(let stream): served(stream)?.bodyArrived()
            case .closed(let stream, let code): end(stream, code)
            case .shutdownAcknowledged: if shutdownDeadline != .max { finishShutdown() }
            }
        }
        session.reuse(events)
        let counters = context.counters
        let refused = session.takeRefusedStreams()
        if refused > 0 { counters.http2StreamsRefused.add(refused) }
        let mistaken = session.takeErrorResets()
        if mistaken > 0 { counters.http2StreamErrors.add(mistaken) }
    }

    private func served(_ stream: HTTP2Stream) -> ServedStream? {
        stream.place < served.count ? served[stream.place] : nil
    }

    // MARK: Requests

    private func begin(_ stream: HTTP2Stream) {
        let exchange = context.takeExchange()
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

    private func readHead(_ current: ServedStream) throws(HTTPError) {
        let request = current.exchange.request
        if current.stream.isHeadTooLarge {
            context.counters.http2HeadersTooLarge.add()
            throw HTTPError(.headerFieldsTooLarge, "the header fields are too large")
        }
        try request.finishHTTP2()
        let framing = try BodyFraming(request)
        let awaitsContinue = try Expectation.awaitsContinue(request)
        guard !current.stream.isRequestComplete else { return }
        var length: UInt64?
        if case .length(let announced) = framing { length = announced }
        current.exchange.body.begin(length: length, awaitsContinue: awaitsContinue, stream: current)
    }

    /// Lets a task work for a stream.
    private func startTask(_ current: ServedStream, _ work: @escaping () async -> Void) {
        current.hasTask = true
        taskCount += 1
        let bound = LoopBound((self, current, work), loop: context.loop)
        Task(executorPreference: context.loop) {
            let (connection, current, work) = bound.value
            await work()
            connection.endTask(current)
        }
    }

    private func endTask(_ current: ServedStream) {
        current.hasTask = false
        taskCount -= 1
        if current.stream.isClosed { release(current) }
    }

    private func sendSource(of current: ServedStream) async {
        guard current.isSending, case .source(let source, let length) = current.exchange.response.body else {
            return
        }
        await current.send(source, length: length)
    }

    /// Sends the answer that the handler has made.
    private func submit(_ current: ServedStream) {
        guard !current.stream.isClosed else { return }
        let response = current.exchange.response
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
    private func end(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard let current = served(stream) else {
            session.recycle(stream)
            return
        }
        finish(current)
    }

    private func finish(_ current: ServedStream) {
        served[current.stream.place] = nil
        servedCount -= 1
        context.record(current.exchange, bytes: current.stream.sentBytes, channel: stream.channel)
        current.closed()
        if !current.hasTask { release(current) }
    }

    /// Gives back what a stream needed that has ended and that no task uses any more.
    private func release(_ current: ServedStream) {
        session.recycle(current.stream)
        context.give(current.exchange)
    }

    // MARK: For streams

    /// Sees to it that what has become due is sent.
    private func wake() {
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

    // MARK: Sending

    /// Writes what is due.
    /// - Returns: whether more could be written at once, but others shall have their turn first.
    private func flush() throws(StreamError) -> Bool {
        hasNews = false
        var left = Self.bytesPerTurn
        let nothing: [UInt8] = []
        while try stream.flush() {
            if output.isEmpty { frame() }
            if output.isEmpty {
                giveOutputBack()
                return false
            }
            let output = output
            let count = try stream.write(output.unread, nothing.span)
            output.consume(count)
            watch?.note(count)
            left -= count
            if !stream.channel.isWriteReady { return false }
            if left <= 0 { return true }
        }
        return false
    }

    /// Makes frames of what the session has to send.
    private func frame() {
        guard session.wantsToSend else { return }
        borrowOutput()
        while case .data(let stream, let count) = session.send(into: output, upTo: Self.outputLimit) {
            let start = output.count
            session.appendDataHeader(to: output)
            let isWritten = served(stream)?.append(count, to: output) ?? false
            if !isWritten { output.removeLast(output.count - start) }
            session.dataWritten(isWritten)
        }
        // Streams end when their last frame is made.
        handleEvents()
    }

    private func borrowOutput() {
        if output === context.noBuffer { output = context.outputBuffers.take() }
    }

    private func giveOutputBack() {
        guard output !== context.noBuffer else { return }
        context.outputBuffers.give(output)
        output = context.noBuffer
    }
}
