public import Bytes
public import HTTP

/// Why a request's body could not be read.
public enum RequestBodyError: Error, Equatable {
    /// The request is at fault: malformed chunks, or more bytes than the route takes.
    case refused(HTTPError)
    /// The client has gone, or was too slow.
    case connectionLost
}

/// A request's body, delivered on demand.
public final class RequestBody {
    /// The most bytes that ``read(into:)`` will deliver; more is a 413.
    public var limit: UInt64 = 0

    /// Where a body comes from, until the request has been answered.
    private enum Carrier {
        case none
        case http1(HTTP1Connection)
        case http2(ServedStream)
    }

    /// Whether all of it has been read, or there was none.
    public private(set) var isFinished = true
    /// Whether reading it has failed: what is left cannot be told apart from the next request.
    public private(set) var isFailed = false
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    public private(set) var awaitsContinue = false

    private var framing = BodyFraming.none
    private var remaining: UInt64 = 0
    private var delivered: UInt64 = 0
    private var decoder = ChunkedDecoder()
    /// Watches the rate of the whole body, from the first wait for more of it.
    private var watch: TransferWatch?
    private var carrier = Carrier.none

    /// Makes an empty body.
    public init() {}

    func begin(_ framing: BodyFraming, awaitsContinue: Bool, connection: HTTP1Connection) {
        carrier = .http1(connection)
        begin(framing, awaitsContinue: awaitsContinue)
    }

    /// Begins a body of HTTP/2, without a length when the end of the stream will tell.
    func begin(length: UInt64?, awaitsContinue: Bool, stream: ServedStream) {
        carrier = .http2(stream)
        begin(length.map { .length($0) } ?? .chunked, awaitsContinue: awaitsContinue)
    }

    private func begin(_ framing: BodyFraming, awaitsContinue: Bool) {
        self.framing = framing
        self.awaitsContinue = awaitsContinue
        decoder = ChunkedDecoder()
        delivered = 0
        limit = 0
        watch = nil
        isFailed = false
        switch framing {
        case .none:
            isFinished = true
            self.awaitsContinue = false
        case .length(let length):
            isFinished = false
            remaining = length
        case .chunked:
            isFinished = false
        }
    }

    func reset() {
        framing = .none
        isFinished = true
        awaitsContinue = false
        isFailed = false
        carrier = .none
    }

    /// Bytes that are still to come, or `nil` when that is not known.
    public var remainingLength: UInt64? {
        if isFinished { return 0 }
        return framing == .chunked ? nil : remaining
    }

    /// Waits for the next bytes of the body and appends them to `buffer`.
    /// - Returns: how many; 0 at the end of the body.
    /// - Throws: `RequestBodyError`; after it the body cannot be read further.
    public func read(into buffer: ByteBuffer) async throws(RequestBodyError) -> Int {
        guard !isFailed else { throw .connectionLost }
        do throws(RequestBodyError) {
            return try await readNext(into: buffer)
        } catch {
            isFailed = true
            throw error
        }
    }

    /// All of the body, if its length is known and all of it has come.
    /// - Returns: `nil` when ``read(into:)`` may have to wait.
    /// - Throws: `RequestBodyError`, as ``read(into:)`` does.
    public func takeReceived() throws(RequestBodyError) -> [UInt8]? {
        guard case .http1(let connection) = carrier, case .length = framing, !awaitsContinue, !isFailed,
            remaining <= connection.input.count
        else { return isFinished ? [] : nil }
        let count = Int(remaining)
        do throws(RequestBodyError) {
            try deliver(count)
        } catch {
            isFailed = true
            throw error
        }
        let input = connection.input
        let bytes = input.unread.extracting(0..<count).copied()
        input.consume(count)
        return bytes
    }

    private func readNext(into buffer: ByteBuffer) async throws(RequestBodyError) -> Int {
        guard !isFinished else { return 0 }
        if framing != .chunked, delivered + remaining > limit { throw Self.tooLarge }
        switch carrier {
        case .none: return 0
        case .http1(let connection): return try await readNext(from: connection, into: buffer)
        case .http2(let stream): return try await readNext(from: stream, into: buffer)
        }
    }

    /// Ends a wait on a stream of HTTP/2.
    func stopWaiting() {
        if case .http2(let stream) = carrier { stream.stopWaitingForBody() }
    }

    private static let tooLarge = RequestBodyError.refused(
        HTTPError(.contentTooLarge, "the request body is too large")
    )

    private func readNext(
        from connection: HTTP1Connection,
        into buffer: ByteBuffer
    ) async throws(RequestBodyError) -> Int {
        if awaitsContinue {
            awaitsContinue = false
            guard await connection.sendContinue() else { throw .connectionLost }
        }
        while true {
            switch try next(connection.input) {
            case .data(let count):
                try deliver(count)
                let input = connection.input
                buffer.append(input.unread.extracting(0..<count))
                input.consume(count)
                return count
            case .skip(let count):
                connection.input.consume(count)
            case .end:
                isFinished = true
                return 0
            case .needsMore:
                var current = watch ?? connection.newWatch()
                guard await connection.fillForBody(&current) else { throw .connectionLost }
                watch = current
            }
        }
    }

    private func readNext(
        from stream: ServedStream,
        into buffer: ByteBuffer
    ) async throws(RequestBodyError) -> Int {
        if awaitsContinue {
            awaitsContinue = false
            stream.sendContinue()
        }
        while stream.receivedCount == 0 {
            if stream.isRequestComplete {
                isFinished = true
                return 0
            }
            var current = watch ?? stream.newWatch()
            guard await stream.waitForBody(&current) else { throw .connectionLost }
            watch = current
        }
        try deliver(stream.receivedCount)
        return stream.takeBody(into: buffer)
    }

    /// Counts bytes that are about to be handed out.
    private func deliver(_ count: Int) throws(RequestBodyError) {
        delivered += UInt64(count)
        guard delivered <= limit else { throw Self.tooLarge }
        if framing != .chunked {
            remaining -= min(remaining, UInt64(count))
            isFinished = remaining == 0
        }
    }

    private func next(_ input: ByteBuffer) throws(RequestBodyError) -> ChunkedDecoder.Step {
        if framing != .chunked {
            return input.isEmpty ? .needsMore : .data(Int(min(remaining, UInt64(input.count))))
        }
        do throws(HTTPError) {
            return try decoder.next(input.unread)
        } catch {
            throw .refused(error)
        }
    }
}
