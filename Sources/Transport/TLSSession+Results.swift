/// How far a handshake has come.
public enum TLSProgress: Equatable, Sendable {
    /// The connection is established. Some of the peer's data may have been read along with the handshake, so
    /// the next step is to call `read` without waiting for the socket.
    case done

    /// Call again when the socket has become readable.
    case wantRead

    /// Call again when the socket has become writable.
    case wantWrite
}

/// What reading brought.
public enum TLSReadResult: Equatable, Sendable {
    /// So many bytes of plaintext, at least one.
    case bytes(Int)

    /// Nothing before the socket becomes readable again.
    case wouldBlock

    /// The peer has ended its side in the proper way, by a close_notify alert; it may still be reading.
    case closed

    /// The connection ended without close_notify, so what was received may have been cut short by anybody.
    case truncated
}

/// What writing achieved.
public enum TLSWriteResult: Equatable, Sendable {
    /// So many bytes of plaintext were taken; see `TLSSession.hasPendingOutput` for whether all have left.
    case bytes(Int)

    /// Nothing was taken because earlier output has to leave first.
    case wouldBlock
}
