/// Why a TLS connection cannot go on; the connection is to be closed.
public enum TLSError: Error, Equatable, CustomStringConvertible {
    /// The peer spoke HTTP without TLS; what it sent is lost, and an answer may be sent over the bare socket.
    case plainHTTP

    /// The peers could not agree, or the peer refused the certificate; `reason` is OpenSSL's short text.
    case handshake(reason: String)

    /// The server's certificate is not trusted or not for its host; `reason` is OpenSSL's short text.
    case certificate(reason: String)

    /// The peer broke the protocol after the handshake; `reason` is OpenSSL's short text.
    case protocolError(reason: String)

    /// The peer ended the connection within the handshake, or this side has shut it down.
    case closed

    /// A system call on the socket failed with this `errno`.
    case system(Int32)

    public var description: String {
        switch self {
        case .plainHTTP: "plain HTTP on a TLS port"
        case .handshake(let reason): "TLS handshake failed: \(reason)"
        case .certificate(let reason): "certificate verify failed: \(reason)"
        case .protocolError(let reason): "TLS protocol error: \(reason)"
        case .closed: "TLS connection closed"
        case .system(let number): TLSErrorQueue.systemReason(number)
        }
    }
}
