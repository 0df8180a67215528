public import Bytes
public import HTTP
import Reactor
import Transport

/// One connection to an origin that speaks HTTP/1.x, for one exchange after another.
///
/// An exchange is ``send(_:method:)``, ``readHead(into:)`` and ``readBody(into:)`` until that gives 0; each waits as long
/// as it needs and may. After an error the connection can only be closed.
public final class ClientConnection {
    private enum State {
        case idle
        /// The request has gone out.
        case awaitingHead(Method)
        case body(ResponseBodyDecoder)
        /// The answer was 101: what follows it is not HTTP.
        case switched
        /// The stream belongs to somebody else.
        case handedOver
        /// It ended, broke, or is no HTTP any more.
        case unusable
    }

    /// Interim answers (RFC 9110 section 15.2) that are skipped before a server is thought broken.
    private static let maximumInterimAnswers = 16

    /// The server that answers.
    public let origin: Origin
    /// The proxy that http requests are sent to whole; they name it in absolute form (RFC 9112 section 3.2.2).
    let forwarder: Proxy?

    /// The loop's milliseconds by which the exchange must be done; `.max` for never.
    public var deadline = Int64.max
    /// The most bytes of body that ``readBody(into:)`` will deliver.
    public var bodyLimit = UInt64.max
    /// Whether an exchange was completed before the current one.
    public private(set) var isReused = false
    /// Whether anything of the current answer has come.
    public private(set) var hasReceived = false
    /// Bytes of the current answer's body that were delivered.
    public private(set) var bodyBytes: UInt64 = 0

    /// What its pool does when something happens to it while it is idle; made once, not for every request.
    var wakeIdle: ((Readiness) -> Void)?

    let stream: ByteStream
    let context: UpstreamContext
    private let input: ByteBuffer
    private var parser = ResponseParser()
    private var state = State.idle
    private var keepsAlive = true
    /// Whether the request's body has not been sent to its end.
    private var isSendingBody = false

    /// Takes over a connection on which nothing of HTTP was said, or a tunnel.
    init(_ stream: ByteStream, to origin: Origin, via forwarder: Proxy?, context: UpstreamContext) {
        self.stream = stream
        self.origin = origin
        self.forwarder = forwarder
        self.context = context
        input = context.buffers.take()
    }

    /// Closes the connection, unless it was handed over; nobody may be waiting.
    public func close() {
        if case .handedOver = state { return }
        state = .unusable
        stream.close()
        context.buffers.give(input)
    }

    /// Ends the wait of the exchange under way, which then fails with `.cancelled`.
    public func cancel() { stream.channel.interrupt() }

    // MARK: An exchange

    /// Sends a request head, and with it any part of a body that follows it in the buffer.
    /// - Parameters:
    ///   - head: is consumed.
    ///   - method: the head's method, which decides whether the answer has a body.
    ///   - bodyFollows: whether more of the request comes by ``sendBody(_:)``.
    /// - Throws: `UpstreamError`.
    public func send(
        _ head: ByteBuffer,
        method: Method,
        bodyFollows: Bool = false
    ) async throws(UpstreamError) {
        if try !sendAtOnce(head, method: method, bodyFollows: bodyFollows) { try await finishSending(head) }
    }

    /// Sends as much of a request head as the system takes at once, which is nearly always all of it.
    /// - Parameters: those of ``send(_:method:bodyFollows:)``.
    /// - Returns: whether that was all; otherwise ``finishSending(_:)`` must follow.
    /// - Throws: `UpstreamError`.
    func sendAtOnce(
        _ head: ByteBuffer,
        method: Method,
        bodyFollows: Bool
    ) throws(UpstreamError) -> Bool {
        guard case .idle = state else { preconditionFailure("the last answer has not been read to its end") }
        state = .awaitingHead(method)
        isSendingBody = bodyFollows
        hasReceived = false
        bodyBytes = 0
        parser.reset()
        do throws(UpstreamError) {
            return try writeAtOnce(head)
        } catch {
            state = .unusable
            throw error
        }
    }

    /// Sends the rest of a request head.
    func finishSending(_ head: ByteBuffer) async throws(UpstreamError) {
        do throws(UpstreamError) {
            try await write(head)
        } catch {
            state = .unusable
            throw error
        }
    }

    /// Sends the next part of a request's body; the answer may be read at the same time.
    ///
    /// A failure does not end the exchange: servers may answer without having read the body, and close.
    /// - Parameter bytes: is consumed.
    /// - Throws: `UpstreamError`.
    public func sendBody(_ bytes: ByteBuffer) async throws(UpstreamError) {
        precondition(isSendingBody, "no body was announced")
        try await write(bytes)
    }

    /// Notes that the request's body has been sent to its end; without it the connection carries no other request.
    public func endBody() { isSendingBody = false }

    /// Waits for the head of the answer; interim answers other than 101 are skipped.
    /// - Throws: `UpstreamError`; with ``isReused`` and not ``hasReceived`` the server had closed the connection
    ///   before the request came.
    public func readHead(into head: ResponseHead) async throws(UpstreamError) {
        guard case .awaitingHead(let method) = state else { preconditionFailure("no request was sent") }
        let limit = context.loop.now + context.timeouts.headMilliseconds
        var interimAnswers = 0
        while true {
            guard let length = try parse(into: head) else {
                switch try receiveAtOnce(into: makeRoom(), most: .max) {
                case .bytes: continue
                case .endOfStream: throw error(hasReceived ? .truncated(received: 0) : .connectionLost)
                case .wouldBlock: break
                }
                let readiness = await stream.channel.waitReadable(until: min(limit, deadline))
                if let cause = cause(of: readiness, .head, until: limit) { throw error(cause) }
                continue
            }
            input.consume(length)
            guard head.status.code >= 200 || head.status.code == 101 else {
                interimAnswers += 1
                guard interimAnswers <= Self.maximumInterimAnswers else {
                    throw error(.malformedAnswer("there are too many interim answers"))
                }
                continue
            }
            try begin(head, method)
            return
        }
    }

    /// Waits for the next bytes of the body and appends them to `buffer`.
    /// - Returns: how many; 0 at the end of the body.
    /// - Throws: `UpstreamError`.
    public func readBody(into buffer: ByteBuffer) async throws(UpstreamError) -> Int {
        while true {
            if let count = try readReceivedBody(into: buffer) { return count }
            guard case .body(var decoder) = state else { return 0 }
            if input.isEmpty, decoder.plainBytesLeft > 0, bodyLimit == .max {
                return try await readPlainBody(&decoder, into: buffer)
            }
            if try await receive(.body, until: context.loop.now + context.timeouts.stallMilliseconds) {
                continue
            }
            try end(&decoder)
            state = .body(decoder)
        }
    }

    /// Appends bytes of the body that have been received already to `buffer`.
    /// - Returns: how many; 0 at the end of the body, `nil` when more must be received first.
    /// - Throws: `UpstreamError`.
    public func readReceivedBody(into buffer: ByteBuffer) throws(UpstreamError) -> Int? {
        guard case .body(var decoder) = state else { return 0 }
        let input = input
        if case .length(let length) = decoder.framing, length > bodyLimit { throw tooLarge }
        while true {
            switch try next(&decoder) {
            case .data(let count):
                bodyBytes += UInt64(count)
                guard bodyBytes <= bodyLimit else { throw tooLarge }
                buffer.append(input.unread.extracting(0..<count))
                input.consume(count)
                noteBody(decoder)
                return count
            case .skip(let count): input.consume(count)
            case .end:
                endAnswer()
                return 0
            case .needsMore:
                state = .body(decoder)
                return nil
            }
        }
    }

    /// Receives bytes of a body straight into the place where they are wanted.
    private func readPlainBody(
        _ decoder: inout ResponseBodyDecoder,
        into buffer: ByteBuffer
    ) async throws(UpstreamError) -> Int {
        if buffer.freeCount == 0 { buffer.reserve(16 * 1024) }
        let before = buffer.count
        let left = decoder.plainBytesLeft
        // With room for one byte more, a short read tells that nothing is left to read.
        let most = Int(min(left == .max ? left : left + 1, UInt64(buffer.freeCount)))
        let limit = context.loop.now + context.timeouts.stallMilliseconds
        guard try await receive(.body, into: buffer, most: most, until: limit) else {
            try end(&decoder)
            endAnswer()
            return 0
        }
        let count = buffer.count - before
        guard UInt64(count) <= left else {
            throw error(.malformedAnswer("it has more bytes than it announces"))
        }
        decoder.skip(count)
        bodyBytes += UInt64(count)
        noteBody(decoder)
        return count
    }

    /// Whether the answer has been read to its end.
    public var isAnswerComplete: Bool {
        switch state {
        case .idle, .unusable, .handedOver: true
        case .awaitingHead, .body, .switched: false
        }
    }

    private func noteBody(_ decoder: ResponseBodyDecoder) {
        if decoder.isAtAnnouncedEnd {
            endAnswer()
        } else {
            state = .body(decoder)
        }
    }

    private func endAnswer() {
        state = keepsAlive && !isSendingBody ? .idle : .unusable
        isReused = true
    }

    /// The server has ended the connection within a body.
    private func end(_ decoder: inout ResponseBodyDecoder) throws(UpstreamError) {
        // Without TLS's closing alert anybody may have ended the stream (RFC 9112 section 9.8).
        guard decoder.connectionEnded(), !stream.isCutShort else {
            throw error(.truncated(received: bodyBytes))
        }
    }

    /// Whether another request may be sent: the last exchange is over, both sides keep the connection, and nothing
    /// has come that no request asked for.
    public func isReadyForRequest() -> Bool {
        let channel = stream.channel
        guard case .idle = state, input.isEmpty, !channel.isPeerClosed, !channel.isInterrupted else {
            return false
        }
        return !channel.isReadReady || (try? stream.read(into: input)) == .wouldBlock
    }

    /// Whether the server has said something, or has ended its side, while the request was being sent.
    public var hasAnswerBegun: Bool {
        let channel = stream.channel
        if !input.isEmpty || channel.isPeerClosed { return true }
        guard channel.isReadReady else { return false }
        if input.freeCount < 1024 { input.reserve(8 * 1024) }
        guard (try? stream.read(into: input)) != .wouldBlock else { return false }
        hasReceived = true
        return true
    }

    /// Calls `action` when the server says something, or ends its side, while nobody reads.
    func watchForAnswer(_ action: @escaping () -> Void) {
        stream.channel.park(until: .max) { [self] readiness in
            if readiness == .interrupted || hasAnswerBegun { return action() }
            watchForAnswer(action)
        }
    }

    /// Takes ``watchForAnswer(_:)`` back.
    func endWatchForAnswer() { stream.channel.unpark() }

    /// Whether nothing was received beyond the last head: what a tunnel begins with is not for HTTP to read.
    var leavesNothingRead: Bool { input.isEmpty }

    /// Gives the stream away after the answer 101; it is the caller's to close from then on.
    /// - Returns: the stream, and what has been received behind the answer's head.
    func handOver() -> (stream: ByteStream, received: [UInt8]) {
        guard case .switched = state else { preconditionFailure("the answer does not switch protocols") }
        state = .handedOver
        let input = input
        let received = input.unread.copied()
        context.buffers.give(input)
        return (stream, received)
    }

    // MARK: Parts

    private func parse(into head: ResponseHead) throws(UpstreamError) -> Int? {
        let input = input
        do throws(ResponseError) {
            return try parser.parse(input.unread, into: head)
        } catch {
            throw malformed(error)
        }
    }

    private func begin(_ head: ResponseHead, _ method: Method) throws(UpstreamError) {
        do throws(ResponseError) {
            let framing = try ResponseFraming(head, to: method)
            let isHTTP = head.status.code != 101 && method != .connect
            keepsAlive = isHTTP && head.isKeptAlive && framing != .untilClose
            if head.status == .switchingProtocols {
                state = .switched
            } else {
                noteBody(ResponseBodyDecoder(framing))
            }
        } catch {
            throw malformed(error)
        }
    }

    private func next(_ decoder: inout ResponseBodyDecoder) throws(UpstreamError) -> ChunkedDecoder.Step {
        let input = input
        do throws(ResponseError) {
            return try decoder.next(input.unread)
        } catch {
            throw malformed(error)
        }
    }

    // MARK: Bytes

    /// Waits for more input.
    /// - Returns: `false` when the server has ended its side.
    private func receive(
        _ phase: UpstreamError.Phase,
        until limit: Int64
    ) async throws(UpstreamError) -> Bool {
        try await receive(phase, into: makeRoom(), most: .max, until: limit)
    }

    /// The buffer of what was received, with room for more.
    private func makeRoom() -> ByteBuffer {
        if input.freeCount < 1024 { input.reserve(8 * 1024) }
        return input
    }

    private func receive(
        _ phase: UpstreamError.Phase,
        into buffer: ByteBuffer,
        most: Int,
        until limit: Int64
    ) async throws(UpstreamError) -> Bool {
        while true {
            switch try receiveAtOnce(into: buffer, most: most) {
            case .bytes: return true
            case .endOfStream: return false
            case .wouldBlock: break
            }
            let readiness = await stream.channel.waitReadable(until: min(limit, deadline))
            if let cause = cause(of: readiness, phase, until: limit) { throw error(cause) }
        }
    }

    /// Receives what has come.
    private func receiveAtOnce(
        into buffer: ByteBuffer,
        most: Int
    ) throws(UpstreamError) -> ByteStream.ReadResult {
        guard stream.channel.isReadReady else { return .wouldBlock }
        do throws(StreamError) {
            let result = try stream.read(into: buffer, limit: most)
            if case .bytes = result { hasReceived = true }
            return result
        } catch {
            throw self.error(cause(of: error))
        }
    }

    /// Sends as much of `bytes` as the system takes at once and consumes that; a failure says nothing of what can be read.
    /// - Returns: whether that was all.
    private func writeAtOnce(_ bytes: ByteBuffer) throws(UpstreamError) -> Bool {
        let nothing: [UInt8] = []
        do throws(StreamError) {
            while true {
                let count = bytes.isEmpty ? 0 : try stream.write(bytes.unread, nothing.span)
                bytes.consume(count)
                if bytes.isEmpty, try stream.flush() { return true }
                if !stream.channel.isWriteReady { return false }
            }
        } catch {
            throw UpstreamError(cause(of: error), at: origin.description)
        }
    }

    /// Sends all of `bytes` and consumes them; a failure says nothing of what can be read.
    private func write(_ bytes: ByteBuffer) async throws(UpstreamError) {
        var limit = context.loop.now + context.timeouts.stallMilliseconds
        while true {
            let before = bytes.count
            if try writeAtOnce(bytes) { return }
            if bytes.count < before { limit = context.loop.now + context.timeouts.stallMilliseconds }
            let readiness = await stream.channel.waitWritable(until: min(limit, deadline))
            if let cause = cause(of: readiness, .request, until: limit) {
                throw UpstreamError(cause, at: origin.description)
            }
        }
    }

    private func cause(
        of readiness: Readiness,
        _ phase: UpstreamError.Phase,
        until limit: Int64
    ) -> UpstreamError.Cause? {
        switch readiness {
        case .ready: nil
        case .interrupted: .cancelled
        case .timedOut: .timedOut(deadline <= limit ? .total : phase)
        }
    }

    // MARK: Errors

    private var tooLarge: UpstreamError { error(.tooLarge(limit: bodyLimit)) }

    private func error(_ cause: UpstreamError.Cause) -> UpstreamError {
        state = .unusable
        return UpstreamError(cause, at: origin.description)
    }

    private func malformed(_ fault: ResponseError) -> UpstreamError {
        error(.malformedAnswer(fault.description))
    }

    private func cause(of fault: StreamError) -> UpstreamError.Cause {
        if fault == .connectionLost, hasReceived { return .truncated(received: bodyBytes) }
        return UpstreamError.Cause(fault)
    }
}
