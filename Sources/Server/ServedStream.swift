import Bytes
import HTTP
import HTTP2
import Reactor

/// One stream of an HTTP/2 connection with the exchange that it carries.
final class ServedStream {
    let stream: HTTP2Stream
    let exchange: Exchange
    /// Whether a task is answering the request; it may outlive the stream.
    var hasTask = false
    /// Whether the answer has a body that has not been sent whole.
    var isSending = false
    /// Until when the rest of a request may come that has been answered.
    var endDeadline = Int64.max
    /// When the connection last looked whether the answer moves; at first when it began.
    private var judgedAt: Int64 = 0
    /// ``HTTP2/HTTP2Stream/sentBytes`` at that time.
    private var sentBytesThen: UInt64 = 0

    private let connection: HTTP2Connection
    private var cursor: BodyCursor?
    /// A piece that a source has made, while it is being sent.
    private var piece: ByteBuffer?
    private var bodyWaiter: Waiter?
    private var sendWaiter: Waiter?

    /// Somebody who waits for something to happen to the stream.
    @safe
    private struct Waiter {
        let deadline: Int64
        let continuation: UnsafeContinuation<Readiness, Never>
    }

    init(stream: HTTP2Stream, exchange: Exchange, connection: HTTP2Connection) {
        self.stream = stream
        self.exchange = exchange
        self.connection = connection
    }

    // MARK: The request's body

    /// Number of bytes of the request's body that have arrived.
    var receivedCount: Int { stream.receivedCount }

    /// Whether the request has arrived whole.
    var isRequestComplete: Bool { stream.isRequestComplete }

    /// Moves what has arrived of the request's body to `buffer`.
    func takeBody(into buffer: ByteBuffer) -> Int { connection.takeBody(of: stream, into: buffer) }

    /// Lets the client go on that waits for `100 Continue`.
    func sendContinue() { connection.sendContinue(on: stream) }

    /// A watch that starts now.
    func newWatch() -> TransferWatch { connection.newWatch() }

    /// Waits for more of the request's body, or its end.
    /// - Returns: `false` when the client went or was too slow.
    func waitForBody(_ watch: inout TransferWatch) async -> Bool {
        while stream.receivedCount == 0, !stream.isRequestComplete {
            if stream.isClosed { return false }
            let deadline = watch.deadline
            connection.expect(by: deadline)
            let readiness = unsafe await withUnsafeContinuation {
                bodyWaiter = unsafe Waiter(deadline: deadline, continuation: $0)
            }
            if readiness == .interrupted { return false }
            if readiness == .timedOut, !watch.continuesAfterDeadline(now: connection.context.loop.now) {
                return false
            }
        }
        watch.note(stream.receivedCount)
        return !stream.isClosed || stream.isRequestComplete
    }

    /// Ends a wait for more of the request's body.
    func stopWaitingForBody() { resume(&bodyWaiter, .interrupted) }

    // MARK: The answer's body

    /// Starts to send a body whose length is known.
    func beginBody() {
        cursor = BodyCursor(exchange.response.body, inline: exchange.response.inlineBytes)
        judgedAt = connection.context.loop.now
        isSending = true
    }

    /// Whether the client has taken too little of the answer for too long.
    /// - Parameters:
    ///   - mayWait: whether it is others of the same connection that keep the line busy.
    ///   - now: the loop's milliseconds.
    /// - Returns: `false` as well when nothing is there to be sent.
    func isStalled(mayWait: Bool, now: Int64) -> Bool {
        let limits = connection.context.limits
        guard isSending, now - judgedAt >= limits.stallMilliseconds else { return false }
        let moved = stream.sentBytes - sentBytesThen
        judgedAt = now
        sentBytesThen = stream.sentBytes
        return stream.hasUnsentBody && moved < limits.minimumBytesPerStall && !mayWait
    }

    /// Appends bytes of the answer's body that are due.
    /// - Returns: `false` when they cannot be had.
    func append(_ count: Int, to buffer: ByteBuffer) -> Bool {
        guard let piece else { return cursor?.append(count, to: buffer) ?? false }
        buffer.append(piece.unread.extracting(0..<count))
        piece.consume(count)
        if piece.isEmpty { resume(&sendWaiter, .ready) }
        return true
    }

    /// Sends a body that is made on demand; each piece has gone before the next is made.
    func send(_ source: any BodySource, length: UInt64?) async {
        let buffers = connection.context.buffers
        let piece = buffers.take()
        self.piece = piece
        defer {
            self.piece = nil
            buffers.give(piece)
        }
        var promised = length
        while !stream.isClosed {
            guard let hasMore = try? await source.pull(into: piece), !stream.isClosed else { break }
            if let left = promised {
                guard UInt64(piece.count) <= left, hasMore || left == 0 else { break }
                promised = left - UInt64(piece.count)
            }
            connection.bodyAvailable(stream, bytes: UInt64(piece.count), isLast: !hasMore)
            if !hasMore { return }
            while !piece.isEmpty, !stream.isClosed {
                unsafe _ = await withUnsafeContinuation {
                    sendWaiter = unsafe Waiter(deadline: .max, continuation: $0)
                }
            }
        }
        connection.reset(stream, .internalError)
    }

    // MARK: Waking

    /// Wakes whoever waits for the request's body.
    func bodyArrived() { resume(&bodyWaiter, .ready) }

    /// Wakes whoever waits, as the stream has ended.
    func closed() {
        if hasTask || stream.hasUnsentBody { exchange.clientHasGone() }
        isSending = false
        resume(&bodyWaiter, .interrupted)
        resume(&sendWaiter, .interrupted)
    }

    /// Wakes whoever has waited too long.
    /// - Returns: the deadline of who still waits.
    func checkDeadline(now: Int64) -> Int64 {
        if now >= endDeadline {
            endDeadline = .max
            connection.reset(stream, .noError)
        }
        guard let waiter = bodyWaiter else { return endDeadline }
        if waiter.deadline > now { return min(waiter.deadline, endDeadline) }
        resume(&bodyWaiter, .timedOut)
        return endDeadline
    }

    private func resume(_ waiter: inout Waiter?, _ readiness: Readiness) {
        guard let waiting = waiter else { return }
        waiter = nil
        unsafe waiting.continuation.resume(returning: readiness)
    }
}
