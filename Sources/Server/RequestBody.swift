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

    /// How the body is delimited.
    public private(set) var framing = BodyFraming.none
    /// Whether all of it has been read, or there was none.
    public private(set) var isFinished = true
    /// Whether reading it has failed: what is left cannot be told apart from the next request.
    public private(set) var isFailed = false
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    public private(set) var awaitsContinue = false

    private var remaining: UInt64 = 0
    private var delivered: UInt64 = 0
    private var decoder = ChunkedDecoder()
    /// Watches the rate of the whole body, from the first wait for more of it.
    private var watch: TransferWatch?
    /// The connection that the body comes from, until the request has been answered.
    private var connection: HTTP1Connection?

    /// Makes an empty body.
    public init() {}

    func begin(_ framing: BodyFraming, awaitsContinue: Bool, connection: HTTP1Connection) {
        self.framing = framing
        self.awaitsContinue = awaitsContinue
        self.connection = connection
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
        connection = nil
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

    private func readNext(into buffer: ByteBuffer) async throws(RequestBodyError) -> Int {
        guard !isFinished, let connection else { return 0 }
        if framing != .chunked, delivered + remaining > limit {
            throw .refused(HTTPError(.contentTooLarge, "the request body is too large"))
        }
        if awaitsContinue {
            awaitsContinue = false
            guard await connection.sendContinue() else { throw .connectionLost }
        }
        while true {
            switch try next(connection.input) {
            case .data(let count):
                delivered += UInt64(count)
                guard delivered <= limit else {
                    throw .refused(HTTPError(.contentTooLarge, "the request body is too large"))
                }
                let input = connection.input
                buffer.append(input.unread.extracting(0..<count))
                input.consume(count)
                if framing != .chunked {
                    remaining -= UInt64(count)
                    isFinished = remaining == 0
                }
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
