public import Bytes
import Glibc
public import Reactor

/// A connection failed and is of no more use.
public enum StreamError: Error, Equatable {
    /// The peer has gone, or the network says so.
    case connectionLost
    /// TLS was not spoken as it should be; the text is for the log.
    case tls(String)
    /// The server's certificate is not trusted or not for its host; the text says why.
    case certificate(String)
    /// The peer spoke plain HTTP where TLS was expected.
    case plainHTTP
    /// A file was cut short or changed while it was being sent.
    case fileChanged
}

/// A byte stream to one peer, plain or TLS: callers never ask which.
///
/// Reading and writing move what can be moved at once and never wait; ``channel`` is for waiting.
@safe
public final class ByteStream {
    /// What reading gave.
    public enum ReadResult: Equatable {
        /// That many bytes were appended.
        case bytes(Int)
        /// Nothing is there at the moment.
        case wouldBlock
        /// The peer has ended its side.
        case endOfStream
    }

    /// Memory shared by all streams of one event loop, for use within one call.
    public final class Scratch {
        /// Plain bytes on their way into TLS records: four records at a time.
        let plain = ByteBuffer(capacity: 64 * 1024)
        let staging = TLSStaging()

        /// Makes the memory of one loop.
        public init() {}
    }

    /// The connection's descriptor, for waiting.
    public let channel: Channel
    /// The peer's address as people read it; `nil` unless somebody has asked for it.
    public private(set) var peerName: String?
    /// Whether the peer's word about others is believed; `nil` until somebody has found out.
    public var isPeerTrusted: Bool?
    private let scratch: Scratch
    private var session: TLSSession?

    /// Whether TLS ended without the peer's closing alert, so that anybody may have cut the stream short; never so
    /// on a plain stream, which cannot tell.
    public private(set) var isCutShort = false

    /// Takes over a connection.
    /// - Parameters:
    ///   - channel: the connection; closed by ``close()``.
    ///   - tls: the server's certificates when the peer is to speak TLS; then ``handshake(until:)`` comes first.
    ///   - scratch: the loop's shared memory.
    public init(_ channel: Channel, tls: TLSContext?, scratch: Scratch) {
        self.channel = channel
        self.scratch = scratch
        session = tls.map {
            TLSSession(context: $0, descriptor: channel.descriptor, staging: scratch.staging)
        }
    }

    /// Reads the peer's address, which the system no longer knows when the peer has reset the connection.
    public func notePeer() {
        if channel.isClosed { return }
        peerName = Listener.peerAddress(of: channel.descriptor)?.shownHost
    }

    /// Makes a client's plain stream one that speaks TLS; ``handshake(until:)`` comes next.
    ///
    /// Everything received so far must have been read.
    /// - Parameters:
    ///   - context: which certificates are trusted.
    ///   - host: the host name or numeric address that the server's certificate must be for.
    /// - Throws: `StreamError.tls` when no certificate could ever be for `host`.
    public func startTLS(_ context: TLSClientContext, host: String) throws(StreamError) {
        precondition(session == nil, "the stream speaks TLS already")
        do throws(TLSError) {
            session = try TLSSession(
                context: context,
                host: host,
                descriptor: channel.descriptor,
                staging: scratch.staging
            )
        } catch {
            throw Self.streamError(error)
        }
    }

    /// Does the TLS handshake; returns at once on a plain stream.
    /// - Parameter deadline: the loop's milliseconds by which it must be done.
    /// - Throws: `StreamError`; `.plainHTTP` when the peer did not speak TLS at all.
    public func handshake(until deadline: Int64) async throws(StreamError) {
        guard let session else { return }
        while true {
            let progress: TLSProgress
            do throws(TLSError) {
                progress = try session.handshake()
            } catch {
                throw Self.streamError(error)
            }
            switch progress {
            case .done:
                noteInput(session)
                return
            case .wantRead:
                channel.readWouldBlock()
                guard await channel.waitReadable(until: deadline) == .ready else { throw .connectionLost }
            case .wantWrite:
                channel.writeWouldBlock()
                guard await channel.waitWritable(until: deadline) == .ready else { throw .connectionLost }
            }
        }
    }

    /// Whether the handshake chose HTTP/2 (RFC 9113 section 3.2).
    public var isHTTP2: Bool { session?.isHTTP2 ?? false }

    /// Appends what has arrived to the free space of `buffer`, which must not be full.
    /// - Parameters:
    ///   - buffer: gets the bytes.
    ///   - limit: the most bytes to take; at least 1.
    /// - Returns: what there was.
    /// - Throws: `StreamError` when the connection is of no more use.
    public func read(into buffer: ByteBuffer, limit: Int = .max) throws(StreamError) -> ReadResult {
        let room = min(buffer.freeCount, limit)
        if let session { return try read(session, into: buffer, room) }
        while true {
            let count = unsafe buffer.withFreeBytes {
                unsafe recv(channel.descriptor, $0.baseAddress, room, 0)
            }
            if count > 0 {
                if count < room { channel.readWouldBlock() }
                return .bytes(count)
            }
            if count == 0 { return .endOfStream }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                channel.readWouldBlock()
                return .wouldBlock
            default: throw .connectionLost
            }
        }
    }

    private func read(
        _ session: TLSSession,
        into buffer: ByteBuffer,
        _ limit: Int
    ) throws(StreamError) -> ReadResult {
        var failure: TLSError?
        var result = TLSReadResult.wouldBlock
        _ = unsafe buffer.withFreeBytes { room in
            do throws(TLSError) {
                result = unsafe try session.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: room[..<limit])
                )
            } catch {
                failure = error
            }
            if case .bytes(let count) = result { return count }
            return 0
        }
        if let failure { throw Self.streamError(failure) }
        noteInput(session)
        switch result {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock:
            // Also when a part of a record waits inside the session, for the rest of which the socket is empty.
            channel.readWouldBlock()
            return .wouldBlock
        case .closed: return .endOfStream
        case .truncated:
            isCutShort = true
            return .endOfStream
        }
    }

    private func noteInput(_ session: TLSSession) {
        if !session.mayHaveMoreInput { channel.readWouldBlock() }
    }

    /// Writes the two pieces one after the other, as one piece where that is possible.
    /// - Parameters:
    ///   - first: what goes first.
    ///   - second: what follows it; may be empty.
    ///   - moreFollows: a hint that something else is written right after.
    /// - Returns: how many bytes were taken, which may be none.
    /// - Throws: `StreamError` when the connection is of no more use.
    public func write(
        _ first: Span<UInt8>,
        _ second: Span<UInt8>,
        moreFollows: Bool = false
    ) throws(StreamError) -> Int {
        if let session { return try write(session, first, second) }
        let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
        if second.isEmpty {
            return try unsafe first.withUnsafeBytes { bytes throws(StreamError) in
                try moved(of: bytes.count) {
                    unsafe Glibc.send(channel.descriptor, bytes.baseAddress, bytes.count, flags)
                }
            }
        }
        return try unsafe first.withUnsafeBytes { head throws(StreamError) in
            try unsafe second.withUnsafeBytes { body throws(StreamError) in
                var pieces = unsafe (
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count)
                )
                return try unsafe withUnsafeMutableBytes(of: &pieces) { list throws(StreamError) in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = list.baseAddress?.assumingMemoryBound(to: iovec.self)
                    unsafe message.msg_iovlen = 2
                    return try moved(of: head.count + body.count) {
                        unsafe sendmsg(channel.descriptor, &message, flags)
                    }
                }
            }
        }
    }

    private func write(
        _ session: TLSSession,
        _ first: Span<UInt8>,
        _ second: Span<UInt8>
    ) throws(StreamError) -> Int {
        if second.isEmpty { return try send(session, first) }
        // One record for both: what does not fit into the scratch memory follows in the next call.
        let plain = scratch.plain
        plain.removeAll()
        plain.append(first)
        plain.append(second.extracting(0..<min(second.count, plain.freeCount)))
        return try send(session, plain.unread)
    }

    private func send(_ session: TLSSession, _ bytes: Span<UInt8>) throws(StreamError) -> Int {
        let result: TLSWriteResult
        do throws(TLSError) {
            result = try unsafe bytes.withUnsafeBytes { span throws(TLSError) in
                unsafe try session.write(span)
            }
        } catch {
            throw Self.streamError(error)
        }
        if session.hasPendingOutput { channel.writeWouldBlock() }
        if case .bytes(let count) = result { return count }
        return 0
    }

    /// Sends a part of a file, on a plain stream without copying it through this process.
    /// - Parameters:
    ///   - file: an open file.
    ///   - offset: the first byte to send.
    ///   - count: how many bytes; at least 1.
    /// - Returns: how many bytes were taken, which may be none.
    /// - Throws: `StreamError`; `.fileChanged` when the file has fewer bytes than that.
    public func sendFile(_ file: Int32, offset: UInt64, count: Int) throws(StreamError) -> Int {
        if let session { return try sendFile(session, file, offset: offset, count: count) }
        var position = off_t(offset)
        // A short count may mean the end of the file as well as a full buffer, so only EAGAIN ends the readiness.
        let sent = try moved(of: 0) { unsafe sendfile(channel.descriptor, file, &position, count) }
        // sendfile(2) reports the end of the file as nothing moved; a full send buffer is EAGAIN.
        if sent == 0 && channel.isWriteReady { throw .fileChanged }
        return sent
    }

    private func sendFile(
        _ session: TLSSession,
        _ file: Int32,
        offset: UInt64,
        count: Int
    ) throws(StreamError) -> Int {
        guard try flush() else { return 0 }
        let plain = scratch.plain
        plain.removeAll()
        let wanted = min(count, plain.freeCount)
        let got = unsafe plain.withFreeBytes { unsafe pread(file, $0.baseAddress, wanted, off_t(offset)) }
        guard got > 0 else { throw .fileChanged }
        return try send(session, plain.unread)
    }

    /// Sends what TLS has encrypted and the socket has not yet taken.
    /// - Returns: whether nothing is left; otherwise wait until the channel is writable and call again.
    public func flush() throws(StreamError) -> Bool {
        guard let session, session.hasPendingOutput else { return true }
        do throws(TLSError) {
            if try session.flush() { return true }
        } catch {
            throw Self.streamError(error)
        }
        channel.writeWouldBlock()
        return false
    }

    /// Whether TLS holds encrypted bytes that the socket has not yet taken.
    public var hasPendingOutput: Bool { session?.hasPendingOutput ?? false }

    /// Tells the peer that nothing more will be sent; what it still sends can be read.
    public func finishSending() {
        session?.shutdown()
        _ = shutdown(channel.descriptor, Int32(SHUT_WR))
    }

    /// Writes to the bare socket although TLS was expected: the answer to a client that does not speak it.
    ///
    /// The stream is a plain one from then on.
    public func writeUnencrypted(_ bytes: [UInt8]) {
        session = nil
        _ = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(channel.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Closes the connection.
    /// - Parameter abruptly: the peer is to see a reset, not an orderly end that it might take for success.
    public func close(abruptly: Bool = false) {
        if abruptly {
            var option = linger(l_onoff: 1, l_linger: 0)
            let size = socklen_t(MemoryLayout<linger>.size)
            _ = unsafe setsockopt(channel.descriptor, SOL_SOCKET, SO_LINGER, &option, size)
        } else {
            session?.shutdown()
        }
        session = nil
        channel.close()
    }

    private func moved(of wanted: Int, _ call: () -> Int) throws(StreamError) -> Int {
        while true {
            let count = call()
            if count >= 0 {
                if count < wanted && count > 0 { channel.writeWouldBlock() }
                return count
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                channel.writeWouldBlock()
                return 0
            default: throw .connectionLost
            }
        }
    }

    private static func streamError(_ error: TLSError) -> StreamError {
        switch error {
        case .plainHTTP: .plainHTTP
        case .certificate(let reason): .certificate(reason)
        case .closed, .system: .connectionLost
        default: .tls("\(error)")
        }
    }
}
