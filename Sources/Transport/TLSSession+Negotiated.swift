import COpenSSL

/// What the handshake agreed on; to be asked once it is done.
extension TLSSession {
    /// The application protocol chosen by ALPN; `nil` without one.
    public var negotiatedProtocol: String? {
        let name = unsafe applicationProtocol
        return unsafe name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// Whether ALPN chose HTTP/2 (RFC 9113 section 3.2); as `negotiatedProtocol == "h2"` without a string.
    public var isHTTP2: Bool {
        let name = unsafe applicationProtocol
        return unsafe name.count == 2 && name[0] == UInt8(ascii: "h") && name[1] == UInt8(ascii: "2")
    }

    /// Whether an earlier session was resumed, which saves the certificate and its signature.
    public var isResumed: Bool { unsafe SSL_session_reused(connection) == 1 }

    /// The version in OpenSSL's spelling: "TLSv1.2" or "TLSv1.3".
    public var protocolVersion: String { unsafe String(cString: SSL_get_version(connection)) }

    /// The cipher suite in OpenSSL's spelling, as "TLS_AES_128_GCM_SHA256".
    public var cipherName: String {
        unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(connection)))
    }

    /// The server name the client asked for (RFC 6066 section 3) as it sent it; `nil` without one.
    public var serverName: String? {
        guard let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name) else { return nil }
        return unsafe String(cString: name)
    }

    /// The bytes of the chosen protocol, which live as long as the session; empty without one.
    private var applicationProtocol: UnsafeBufferPointer<UInt8> {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &bytes, &count)
        return unsafe UnsafeBufferPointer(start: bytes, count: Int(count))
    }
}
