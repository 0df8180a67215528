import Bytes
import Reactor
import Transport

/// One way through a tunnel: bytes from one stream to another, by way of one bounded buffer.
///
/// Nothing is read while the buffer holds what the sink has not taken, which is how a slow reader stops the sender. A
/// direction in which nothing moves holds no buffer.
final class TunnelDirection {
    /// Bytes that are moved before other connections get their turn.
    private static let bytesPerTurn = 512 * 1024

    /// Bytes that the sink has taken.
    private(set) var bytesSent: UInt64 = 0
    /// Bytes that the source has given.
    private(set) var bytesReceived: UInt64 = 0
    /// Whether the source broke: it is of no more use to the other direction either.
    private(set) var isSourceBroken = false
    /// Whether the sink broke.
    private(set) var isSinkBroken = false
    /// Whether the sink has been told that nothing more comes, or has broken.
    private(set) var isFinished = false

    private let source: ByteStream
    private let sink: ByteStream
    private let sender: WebSocketFrameCursor.Sender
    private let buffers: BufferPool
    private var buffer: ByteBuffer?
    private var isSourceEnded = false
    /// Follows the frames; `nil` where the bytes are not known to be any.
    private var cursor: WebSocketFrameCursor?
    /// Whether a close frame is to go out at the next boundary.
    private var awaitsBoundary = false
    /// Whether what the source still gives is dropped, because the sink has got a close frame.
    private var isDiscarding = false

    init(
        from source: ByteStream,
        to sink: ByteStream,
        sender: WebSocketFrameCursor.Sender,
        isWebSocket: Bool,
        received: [UInt8],
        buffers: BufferPool
    ) {
        self.source = source
        self.sink = sink
        self.sender = sender
        self.buffers = buffers
        cursor = isWebSocket ? WebSocketFrameCursor(sender) : nil
        if !received.isEmpty {
            let first = buffers.take()
            first.append(received)
            buffer = first
            bytesReceived = UInt64(received.count)
            follow(first)
        }
    }

    /// Bytes that wait for the sink.
    var heldBytes: Int { buffer?.count ?? 0 }

    // MARK: Moving

    /// Moves what can be moved without waiting.
    /// - Returns: whether there is more to move at once.
    func move() -> Bool {
        var received = 0
        while !isFinished {
            guard write() else {
                // A source that has broken would not be noticed as long as nothing is read.
                if source.channel.isBroken, !isSourceEnded { breakSource() }
                return false
            }
            if isSourceEnded {
                finish()
                return false
            }
            guard source.channel.isReadReady else { return false }
            if received >= Self.bytesPerTurn { return true }
            received += read()
        }
        return false
    }

    /// Gives the sink what is held.
    /// - Returns: whether it has taken everything.
    private func write() -> Bool {
        let nothing: [UInt8] = []
        do throws(StreamError) {
            while true {
                let isHolding = heldBytes > 0
                if !isHolding, !sink.hasPendingOutput { break }
                guard sink.channel.isWriteReady else { return false }
                if isHolding, let buffer {
                    let count = try sink.write(buffer.unread, nothing.span)
                    buffer.consume(count)
                    bytesSent += UInt64(count)
                } else {
                    _ = try sink.flush()
                }
            }
            giveBufferBack()
            return true
        } catch {
            isSinkBroken = true
            abandon()
            return true
        }
    }

    /// Takes a buffer full of what the source has.
    private func read() -> Int {
        let buffer = buffers.take()
        self.buffer = buffer
        do throws(StreamError) {
            while buffer.freeCount > 0, source.channel.isReadReady {
                if try source.read(into: buffer) == .endOfStream {
                    isSourceEnded = true
                    break
                }
            }
        } catch {
            breakSource()
        }
        let count = buffer.count
        bytesReceived += UInt64(count)
        follow(buffer)
        return count
    }

    // MARK: Ending

    /// Takes the source for ended; what is held still goes to the sink.
    func stop() { isSourceEnded = true }

    /// Drops what is held: nothing can be given to the sink any more.
    func abandon() {
        isSourceEnded = true
        isFinished = true
        giveBufferBack()
    }

    /// Tells the sink that nothing more comes.
    func finish() {
        guard !isFinished else { return }
        isSourceEnded = true
        isFinished = true
        sink.finishSending()
    }

    private func breakSource() {
        isSourceBroken = true
        isSourceEnded = true
    }

    private func giveBufferBack() {
        if let buffer { buffers.give(buffer) }
        buffer = nil
    }

    // MARK: Closing in order

    /// Whether the bytes are followed as WebSocket frames.
    var isFollowed: Bool { cursor?.isLost == false }

    /// Whether the sink has got a close frame and the source has sent one, or either has ended.
    var isClosed: Bool {
        if isFinished { return true }
        let hasAnswered = isSourceEnded || cursor?.hasClosed == true
        return isDiscarding && hasAnswered && heldBytes == 0 && !sink.hasPendingOutput
    }

    /// Sends a close frame as soon as the current frame is over, unless the source has sent one, and nothing after it.
    func close() {
        guard let cursor, !isSourceEnded, !isDiscarding else { return }
        guard cursor.isAtBoundary else {
            awaitsBoundary = true
            return
        }
        let buffer = buffer ?? buffers.take()
        self.buffer = buffer
        endFrames(in: buffer, keeping: buffer.count, hasClosed: cursor.hasClosed)
    }

    /// Follows the frames in a buffer whose bytes are all new, and drops what the sink is not to get.
    private func follow(_ buffer: ByteBuffer) {
        let boundary = firstBoundary(in: buffer)
        if isDiscarding {
            buffer.removeAll()
        } else if awaitsBoundary, let boundary {
            endFrames(in: buffer, keeping: boundary.offset, hasClosed: boundary.hasClosed)
        }
    }

    /// Follows the frames in a buffer.
    /// - Returns: where the first of them ends, and whether a close frame has passed by then; `nil` when none ends there
    ///   or the bytes are no frames.
    private func firstBoundary(in buffer: ByteBuffer) -> (offset: Int, hasClosed: Bool)? {
        guard isFollowed, var cursor else { return nil }
        let count = buffer.count
        var offset = 0
        var boundary: (offset: Int, hasClosed: Bool)?
        while offset < count, !cursor.isLost {
            offset += cursor.advance(over: buffer.unread.extracting(offset..<count))
            if boundary == nil, cursor.isAtBoundary { boundary = (offset, cursor.hasClosed) }
        }
        self.cursor = cursor
        return boundary
    }

    /// Ends what goes to the sink with a close frame.
    private func endFrames(in buffer: ByteBuffer, keeping count: Int, hasClosed: Bool) {
        buffer.removeLast(buffer.count - count)
        if !hasClosed { buffer.append(WebSocketCloseFrame.bytes(from: sender)) }
        awaitsBoundary = false
        isDiscarding = true
    }
}
