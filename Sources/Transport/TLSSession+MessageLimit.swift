import COpenSSL

extension TLSSession {
    /// Counts the handshake messages each connection of `context` receives.
    ///
    /// OpenSSL 3 follows any number of key updates (RFC 8446 section 4.6.3) and refuses any number of
    /// renegotiations without returning, so a peer that sends nothing else would hold the thread. `TLSSocket`
    /// receives no more once there are too many without application data in between.
    static func countHandshakeMessages(in context: OpaquePointer) {
        unsafe SSL_CTX_set_msg_callback(context) { isWritten, _, contentType, _, _, connection, _ in
            guard isWritten == 0, contentType == SSL3_RT_HANDSHAKE else { return }
            unsafe TLSSocket.under(connection)?.handshakeMessageCount += 1
        }
    }
}
