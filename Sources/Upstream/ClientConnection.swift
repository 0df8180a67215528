public import Bytes
public import HTTP
import Reactor
import Transport

/// One connection to an origin that speaks HTTP/1.x, for one exchange after another.
///
/// An exchange is ``send(_:method:)``, ``readHead(into:)`` and ``readBody(into:)`` until that gives 0; each waits as long
/// as it needs and may. After an error the connection can only be closed.
public final class ClientConnection {
    enum State {
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

    /// The server that answers.
    public let origin: Origin
    /// The proxy that http requests are sent to whole; they name it in absolute form (RFC 9112 section 3.2.2).
    let forwarder: Proxy?

    /// The loop's milliseconds by which the exchange must be done; `.max` for never.
    public var deadline = Int64.max
    /// The most bytes of body that ``readBody(into:)`` will deliver.
    public var bodyLimit = UInt64.max
    /// Whether an exchange was completed before the current one.
    public internal(set) var isReused = false
    /// Whether anything of the current answer has come.
    public internal(set) var hasReceived = false
    /// Bytes of the current answer's body that were delivered.
    public internal(set) var bodyBytes: UInt64 = 0

    /// What its pool does when something happens to it while it is idle; made once, not for every request.
    var wakeIdle: ((Readiness) -> Void)?

    let stream: ByteStream
    let context: UpstreamContext
    let input: ByteBuffer
    var parser = ResponseParser()
    /// Interim answers to the current request that were skipped.
    var interimAnswers = 0
    var state = State.idle
    var keepsAlive = true
    /// Whether the request's body has not been sent to its end.
    var isSendingBody = false

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
    public func cancel() { stream.channel.cancel() }

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
        interimAnswers = 0
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

    /// Whether the answer has been read to its end.
    public var isAnswerComplete: Bool {
        switch state {
        case .idle, .unusable, .handedOver: true
        case .awaitingHead, .body, .switched: false
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
}
