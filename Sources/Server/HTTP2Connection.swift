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
    static let outputLimit = 48 * 1024
    /// Capacity of an output buffer: the limit, and the two frames that may go over it.
    static let outputCapacity = outputLimit + 2 * 17 * 1024
    /// Bytes that the kernel may hold unsent, for the same reason.
    static let unsentBytes: Int32 = 128 * 1024
    /// Bytes that are sent before other connections get their turn.
    static let bytesPerTurn = 1024 * 1024
    /// Reads before what they brought is answered.
    static let readsPerTurn = 8
    /// Bodies up to this size are sent in one go; larger ones share the line.
    static let unsharedBytes: UInt64 = 64 * 1024
    /// Milliseconds that a client has to take note of a coming shutdown.
    static let shutdownMilliseconds: Int64 = 1_000

    let stream: ByteStream
    let context: WorkerContext
    let session: HTTP2Session
    var output: ByteBuffer
    var served: [ServedStream?] = []
    var servedCount = 0
    var taskCount = 0
    var isLost = false
    var isParked = false
    /// Whether the connection's task waits for something to happen.
    var isWaiting = false
    /// Whether the session may have something new to send.
    var hasNews = false
    var isTerminated = false
    /// Until when a header block, or the client's SETTINGS, must be complete.
    var headDeadline = Int64.max
    /// Until when somebody waits for a request's body.
    var bodyDeadline = Int64.max
    var shutdownDeadline = Int64.max
    /// Watches the sending while there is something to send.
    var watch: TransferWatch?

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
            if let current = served(stream) { finish(current) } else { session.recycle(stream) }
        }
        giveOutputBack()
    }

    var isIdle: Bool {
        servedCount == 0 && output.isEmpty && headDeadline == .max && shutdownDeadline == .max
            && !stream.hasPendingOutput
    }

    private func park() -> ConnectionEnding {
        isParked = true
        session.releaseIdleMemory()
        return .park
    }

    func terminate(_ code: HTTP2ErrorCode) {
        isTerminated = true
        borrowOutput()
        session.terminate(code, into: output)
    }

    // MARK: Receiving

    func receiveAvailable() {
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

    func punish(_ violation: HTTP2Violation) {
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

    func handleEvents() {
        let events = session.takeEvents()
        for event in events {
            switch event {
            case .request(let stream): begin(stream)
            case .body(let stream): served(stream)?.bodyArrived()
            case .answeredEarly(let stream): endLater(stream)
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

    func served(_ stream: HTTP2Stream) -> ServedStream? {
        stream.place < served.count ? served[stream.place] : nil
    }

    // MARK: Sending

    /// Writes what is due.
    /// - Returns: whether more could be written at once, but others shall have their turn first.
    func flush() throws(StreamError) -> Bool {
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
    func frame() {
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

    func borrowOutput() {
        if output === context.noBuffer { output = context.outputBuffers.take() }
    }

    func giveOutputBack() {
        guard output !== context.noBuffer else { return }
        context.outputBuffers.give(output)
        output = context.noBuffer
    }
}
