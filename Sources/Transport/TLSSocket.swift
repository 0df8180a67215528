import Glibc

/// The ciphertext side of a session: what it receives from the socket and what it sends to it.
final class TLSSocket {
    enum Received {
        case bytes(Int), wouldBlock, end, refused
    }

    /// The errno of the system call that failed on the socket, or 0.
    private(set) var failure: Int32 = 0

    /// Whether the peer has ended the stream.
    private(set) var hasEnded = false

    /// Whether the first byte was a capital letter, as in an HTTP method, and not that of a TLS record.
    private(set) var startsLikeHTTP = false

    /// Whether the last `receive` took all that the kernel had; `false` when there was none since `willRead`.
    private(set) var isDrained = false

    /// Handshake messages received since the handshake ended or application data came; see
    /// `TLSSession.countHandshakeMessages(in:)`.
    var handshakeMessageCount = 0

    /// Ciphertext that the kernel did not take, from `pendingStart` on.
    private var pending: [UInt8] = []
    private var pendingStart = 0

    private let descriptor: Int32
    private let staging: TLSStaging
    private var hasReceived = false

    /// A session stops taking plaintext while output is pending, so no more than a staging block and a
    /// handshake's flight or two can be; beyond that the peer is making us talk without listening.
    private static let maximumPendingBytes = 512 * 1024

    /// A handshake has no more than five from the client, and key updates are rare; few enough to cost nothing.
    private static let maximumHandshakeMessages = 32

    init(descriptor: Int32, staging: TLSStaging) {
        self.descriptor = descriptor
        self.staging = staging
    }

    var hasPending: Bool { !pending.isEmpty }

    /// Whether the peer keeps the connection busy without using it, so that nothing more is received.
    var hasTooManyHandshakeMessages: Bool { handshakeMessageCount > Self.maximumHandshakeMessages }

    /// Begins a call that may read, so that `isDrained` tells about that call only.
    func willRead() {
        isDrained = false
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
        guard !hasTooManyHandshakeMessages, !startsLikeHTTP else { return .refused }
        while true {
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                return unsafe received(UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: buffer.count)
            }
            if count == 0 {
                isDrained = true
                hasEnded = true
                return .end
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                isDrained = true
                return .wouldBlock
            case let number:
                failure = number
                return .refused
            }
        }
    }

    /// Takes ciphertext to be sent by the next `flush`.
    ///
    /// - Returns: `false` when the socket has failed.
    func stage(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = unsafe bytes
        while failure == 0 {
            let count = unsafe staging.append(rest)
            if count == rest.count { return true }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            flush()
        }
        return false
    }

    /// Sends what is pending, then what is staged; what the kernel does not take stays pending.
    func flush() {
        defer { staging.removeAll() }
        guard failure == 0 else { return }
        if hasPending {
            let sent = unsafe pending.withUnsafeBytes { bytes in
                unsafe send(UnsafeRawBufferPointer(rebasing: bytes[pendingStart...]))
            }
            pendingStart += sent
            if pendingStart == pending.count { discardPending() }
        }
        guard staging.count > 0 else { return }
        let sent = hasPending ? 0 : unsafe send(staging.bytes)
        guard failure == 0 else { return discardPending() }
        unsafe pending.append(contentsOf: staging.bytes[sent...])
        if pending.count > Self.maximumPendingBytes {
            failure = ENOBUFS
            discardPending()
        }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, of requested: Int) -> Received {
        isDrained = bytes.count < requested
        if !hasReceived {
            hasReceived = true
            startsLikeHTTP = unsafe UInt8(ascii: "A")...UInt8(ascii: "Z") ~= bytes[0]
            if startsLikeHTTP { return .refused }
        }
        return .bytes(bytes.count)
    }

    /// Sends until the kernel takes no more.
    ///
    /// - Returns: the number of bytes sent.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe Glibc.send(
                descriptor,
                bytes.baseAddress?.advanced(by: sent),
                bytes.count - sent,
                Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
            )
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return sent
            case let number:
                failure = number
                return sent
            }
        }
        return sent
    }

    private func discardPending() {
        pending = []
        pendingStart = 0
    }
}
