import COpenSSL

/// One side of a TLS connection over a non-blocking socket, used on one thread.
///
/// It neither owns nor closes the socket and never blocks. The socket may be watched edge-triggered: after a
/// result that asks to wait, the kernel has nothing more to read or takes nothing more to write. When the
/// event loop has learned that the peer closed its side, read until `.closed` or `.truncated` in spite of
/// `mayHaveMoreInput`, because a short read does not show the end that follows it.
@safe public final class TLSSession {
    let connection: OpaquePointer
    private let socket: TLSSocket
    // Keeps alive what OpenSSL's callbacks use during the handshake.
    private let context: AnyObject
    private var failure: TLSError?
    private var hasShutDown = false

    /// Whether the handshake is complete.
    public private(set) var isEstablished = false

    /// Begins the server's side of a connection, without any I/O yet.
    ///
    /// - Parameters:
    ///   - context: certificates and settings, kept as long as the session.
    ///   - descriptor: a connected stream socket; it stays the caller's and must outlive the session's use.
    ///   - staging: the block of the event loop on which the session is used.
    public convenience init(context: TLSContext, descriptor: Int32, staging: TLSStaging) {
        unsafe self.init(context.initial.pointer, of: context, descriptor: descriptor, staging: staging)
        unsafe SSL_set_accept_state(connection)
    }

    /// Begins the client's side of a connection, without any I/O yet.
    ///
    /// - Parameters:
    ///   - context: trust and settings, kept as long as the session.
    ///   - host: the host name or numeric address, without brackets, that the server's certificate must be for.
    ///   - descriptor: a connected stream socket; it stays the caller's and must outlive the session's use.
    ///   - staging: the block of the event loop on which the session is used.
    /// - Throws: `TLSError.handshake` when no certificate could ever be for `host`.
    public convenience init(
        context: TLSClientContext,
        host: String,
        descriptor: Int32,
        staging: TLSStaging
    ) throws(TLSError) {
        unsafe self.init(context.pointer, of: context, descriptor: descriptor, staging: staging)
        try expect(host)
        unsafe SSL_set_connect_state(connection)
    }

    private init(_ settings: OpaquePointer, of context: AnyObject, descriptor: Int32, staging: TLSStaging) {
        guard let connection = unsafe SSL_new(settings) else { fatalError("out of memory") }
        unsafe self.connection = unsafe connection
        self.context = context
        socket = TLSSocket(descriptor: descriptor, staging: staging)
        let bio = unsafe socket.makeBIO()
        unsafe SSL_set_bio(connection, bio, bio)
    }

    deinit {
        unsafe SSL_free(connection)
    }

    /// Whether output waits for the socket to become writable; call `flush` then.
    public var hasPendingOutput: Bool { socket.hasPending }

    /// Whether another `read` may bring more at once; to be asked directly after `read` or `handshake`.
    ///
    /// When `false`, that call has emptied the kernel's buffer and nothing is left inside the session.
    public var mayHaveMoreInput: Bool { unsafe !socket.isDrained || SSL_has_pending(connection) == 1 }

    /// Goes on with the handshake as far as possible; to be called first, and again until it is done.
    ///
    /// - Throws: `TLSError`; after `.handshake` the peer has been sent the alert that says why.
    public func handshake() throws(TLSError) -> TLSProgress {
        try checkUsable()
        socket.willRead()
        if !isEstablished {
            TLSErrorQueue.clear()
            let result = unsafe SSL_do_handshake(connection)
            let code = result == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(connection, result)
            guard code == SSL_ERROR_NONE || code == SSL_ERROR_WANT_READ else { throw fail(code) }
            isEstablished = code == SSL_ERROR_NONE
            if isEstablished { socket.handshakeMessageCount = 0 }
        }
        socket.flush()
        try checkUsable()
        if hasPendingOutput { return .wantWrite }
        return isEstablished ? .done : .wantRead
    }

    /// Reads the plaintext of at most one record (16,384 bytes) into `buffer`, which must not be empty.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> TLSReadResult {
        precondition(isEstablished && buffer.count > 0, "read needs a complete handshake and room")
        try checkUsable()
        TLSErrorQueue.clear()
        socket.willRead()
        var count = 0
        let result = unsafe SSL_read_ex(connection, buffer.baseAddress, buffer.count, &count)
        let code = result == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(connection, result)
        // Reading makes output only for alerts and key updates; a failure to send it shows in the next call.
        defer { socket.flush() }
        switch code {
        case SSL_ERROR_NONE:
            socket.handshakeMessageCount = 0
            return .bytes(count)
        case SSL_ERROR_WANT_READ: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SYSCALL where socket.hasEnded && socket.failure == 0: return .truncated
        default: throw fail(code)
        }
    }

    /// Encrypts `bytes` and sends them, as many as the socket keeps up with.
    ///
    /// - Returns: the number of bytes taken, which are not to be given again; part of their ciphertext may
    ///   still be pending.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) -> TLSWriteResult {
        precondition(isEstablished, "write needs a complete handshake")
        guard try flush() else { return .wouldBlock }
        guard !hasShutDown else { throw .closed }
        TLSErrorQueue.clear()
        var taken = 0
        // The BIO sends whenever the staging block is full, and what it cannot send becomes pending: then
        // enough has been taken. Each turn encrypts one record.
        while taken < bytes.count, !socket.hasPending {
            var count = 0
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[taken...])
            let result = unsafe SSL_write_ex(connection, rest.baseAddress, rest.count, &count)
            guard result == 1 else {
                throw unsafe fail(SSL_get_error(connection, result))
            }
            taken += count
        }
        socket.flush()
        try checkUsable()
        return .bytes(taken)
    }

    /// Sends pending output.
    ///
    /// - Returns: whether none is left.
    public func flush() throws(TLSError) -> Bool {
        try checkUsable()
        guard hasPendingOutput else { return true }
        socket.flush()
        try checkUsable()
        return !hasPendingOutput
    }

    /// Tells the peer by a close_notify alert that no more will be written, if the connection still can.
    ///
    /// Output that is pending, with the alert behind it, leaves by `flush`. Reading goes on to be possible.
    public func shutdown() {
        guard isEstablished, !hasShutDown, failure == nil, socket.failure == 0 else { return }
        hasShutDown = true
        TLSErrorQueue.clear()
        unsafe SSL_shutdown(connection)
        socket.flush()
    }

    private func checkUsable() throws(TLSError) {
        if let failure { throw failure }
        if socket.failure != 0 { throw fail(SSL_ERROR_SYSCALL) }
    }

    /// The error for `code`, a result of `SSL_get_error`, remembered for every later call; sends the alert that
    /// OpenSSL may have made for it.
    private func fail(_ code: Int32) -> TLSError {
        defer { socket.flush() }
        let error: TLSError
        if socket.startsLikeHTTP {
            error = .plainHTTP
        } else if socket.failure != 0 {
            error = .system(socket.failure)
        } else if socket.hasTooManyHandshakeMessages {
            error = .protocolError(reason: "too many handshake messages")
        } else if code == SSL_ERROR_SYSCALL, socket.hasEnded {
            error = .closed
        } else if let rejection = certificateRejection {
            TLSErrorQueue.clear()
            error = .certificate(reason: rejection)
        } else {
            let reason = TLSErrorQueue.takeReason()
            error = isEstablished ? .protocolError(reason: reason) : .handshake(reason: reason)
        }
        failure = error
        return error
    }
}
