public import Bytes
public import HTTP

/// Where the body of a request comes from that is passed on.
public protocol BodyFeed: AnyObject {
    /// Waits for the next bytes and appends them to `buffer`.
    /// - Returns: how many; 0 at the end.
    /// - Throws: anything; the request is then given up.
    func next(into buffer: ByteBuffer) async throws -> Int

    /// Ends a wait for more, which then throws: nobody wants the rest.
    func stop()
}

/// One request to an upstream and its answer, on a connection of a pool.
///
/// It belongs to the pool's loop. Going away ends it.
public final class UpstreamExchange {
    /// The answer's head, once ``begin(_:writeHead:)`` has returned; not to be used when the exchange is gone.
    public let head: ResponseHead
    /// Whether ``cancel()`` was called.
    public private(set) var isCancelled = false

    private let pool: ConnectionPool
    private var connection: ClientConnection?

    /// What is asked.
    public struct Request {
        /// The method as it is sent, which decides whether the answer has a body.
        public var method: Method
        /// Whether it may be sent again when a kept connection turns out to be closed (RFC 9110 section 9.2.2); there is
        /// no feed then.
        public var isRepeatable: Bool
        /// Where the body comes from; `nil` when there is none, or it stands behind the head already.
        public var feed: (any BodyFeed)?
        /// Whether the feed's body is sent in chunks.
        public var isChunked = false
        /// The loop's milliseconds by which all of it must be done; `.max` for never.
        public var deadline = Int64.max

        /// A request without a feed.
        public init(method: Method, isRepeatable: Bool) {
            self.method = method
            self.isRepeatable = isRepeatable
        }
    }

    /// The request's body could not be read to its end.
    public struct FeedError: Error {
        /// What the feed threw.
        public let reason: any Error
    }

    /// Makes an exchange that has not begun.
    public init(pool: ConnectionPool) {
        self.pool = pool
        head = pool.context.takeHead()
    }

    deinit {
        end()
        pool.context.give(head)
    }

    /// Sends the request and waits for the answer's head.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - writeHead: appends the head, and a body that is at hand; may be called twice.
    /// - Throws: `UpstreamError`, or ``FeedError`` when the feed failed.
    public func begin(_ request: Request, writeHead: (ByteBuffer) -> Void) async throws {
        var isFresh = false
        while true {
            guard !isCancelled else { throw cancelled }
            let connection: ClientConnection
            if !isFresh, let idle = pool.takeIdle() {
                connection = idle
            } else {
                connection = try await pool.take(isFresh: isFresh, until: request.deadline)
            }
            self.connection = connection
            guard !isCancelled else {
                end()
                throw cancelled
            }
            connection.deadline = request.deadline
            let buffer = pool.context.buffers.take()
            defer { pool.context.buffers.give(buffer) }
            writeHead(buffer)
            do {
                let (method, feed) = (request.method, request.feed)
                if try !connection.sendAtOnce(buffer, method: method, bodyFollows: feed != nil) {
                    try await connection.finishSending(buffer)
                }
                if let feed {
                    try await sendBody(from: feed, isChunked: request.isChunked, connection, buffer)
                }
                try await connection.readHead(into: head)
                if connection.isAnswerComplete { end() }
                return
            } catch {
                let mayBeStale = request.isRepeatable && !isFresh && connection.isReused
                end()
                // The server closed an idle connection at the moment it was used; RFC 9112 section 9.3.1.
                guard mayBeStale, (error as? UpstreamError)?.cause == .connectionLost else { throw error }
                isFresh = true
            }
        }
    }

    /// Waits for the next bytes of the answer's body and appends them to `buffer`.
    /// - Returns: how many; 0 at the end of the body.
    /// - Throws: `UpstreamError`.
    public func read(into buffer: ByteBuffer) async throws(UpstreamError) -> Int {
        guard let connection else { return 0 }
        do throws(UpstreamError) {
            let count = try await connection.readBody(into: buffer)
            if connection.isAnswerComplete { end() }
            return count
        } catch {
            end()
            throw error
        }
    }

    /// Appends bytes of the answer's body that have been received already to `buffer`.
    /// - Returns: how many; 0 at the end of the body, `nil` when ``read(into:)`` has to wait for more.
    /// - Throws: `UpstreamError`.
    public func readReceived(into buffer: ByteBuffer) throws(UpstreamError) -> Int? {
        guard let connection else { return 0 }
        do throws(UpstreamError) {
            let count = try connection.readReceivedBody(into: buffer)
            if connection.isAnswerComplete { end() }
            return count
        } catch {
            end()
            throw error
        }
    }

    /// Hands out all of the answer's body, if its length is announced and all of it has been received already.
    /// - Parameters:
    ///   - most: the most bytes that are handed out.
    ///   - use: is called with them.
    /// - Returns: `false` when the body must be read.
    public func takeReceived(most: Int, _ use: (Span<UInt8>) -> Void) -> Bool {
        guard let connection, connection.takeReceivedBody(most: most, use) else { return false }
        end()
        return true
    }

    /// Whether the answer has been received to its end.
    public var isComplete: Bool { connection == nil }

    /// Ends a wait for the server that is under way, and the exchange with it: nobody wants the answer any more.
    ///
    /// A connection that is being made, or waited for, is awaited all the same; it is the pool's then.
    public func cancel() {
        isCancelled = true
        connection?.cancel()
    }

    /// Gives the connection back, or closes it when the answer has not been read to its end.
    public func end() {
        guard let connection else { return }
        self.connection = nil
        pool.giveBack(connection)
    }

    /// Makes a tunnel of the connection after an answer of 101; the exchange has ended then.
    /// - Parameter content: what goes through.
    /// - Returns: `nil` when the answer was another one.
    public func makeTunnel(_ content: Tunnel.Content) -> Tunnel? {
        guard let connection, head.status == .switchingProtocols else { return nil }
        let tunnel = Tunnel(to: connection, content: content)
        end()
        return tunnel
    }

    private var cancelled: UpstreamError { UpstreamError(.cancelled, at: pool.origin.description) }

    /// Sends the body until it ends or the server answers, which it may do early.
    private func sendBody(
        from feed: any BodyFeed,
        isChunked: Bool,
        _ connection: ClientConnection,
        _ buffer: ByteBuffer
    ) async throws {
        let piece = pool.context.buffers.take()
        defer { pool.context.buffers.give(piece) }
        while !connection.hasAnswerBegun(head) {
            piece.removeAll()
            let count: Int
            connection.watchForAnswer(head) { feed.stop() }
            do {
                count = try await feed.next(into: piece)
                connection.endWatchForAnswer()
            } catch {
                connection.endWatchForAnswer()
                if connection.hasAnswerBegun(head) { return }
                throw FeedError(reason: error)
            }
            if isChunked {
                if count > 0 {
                    HeadWriter.writeChunkSize(count, into: buffer)
                    buffer.append(piece.unread)
                    buffer.append("\r\n")
                } else {
                    buffer.append("0\r\n\r\n")
                }
            }
            do throws(UpstreamError) {
                try await connection.sendBody(isChunked ? buffer : piece)
            } catch {
                // There may be an answer that says why.
                return
            }
            if count == 0 {
                connection.endBody()
                return
            }
        }
    }
}
