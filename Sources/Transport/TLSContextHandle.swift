import COpenSSL

/// An `SSL_CTX` set up for serving; owns one reference of the OpenSSL object.
@safe final class TLSContextHandle {
    let pointer: OpaquePointer

    /// The intermediate profile of Mozilla's server side TLS guide, without finite field Diffie-Hellman.
    private static let ciphersBefore13 =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

    private static let groups = "X25519:P-256:P-384"

    /// A session may be resumed only under the same name of its use; one name serves every context here, so
    /// that tickets stay good whichever certificate was chosen, and after a reload.
    private static let sessionContext: [UInt8] = Array("gateway".utf8)

    init() throws(TLSContextError) {
        TLSErrorQueue.clear()
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw .library(reason: TLSErrorQueue.takeReason())
        }
        unsafe pointer = unsafe context
        // The order of the client's ciphers decides: those without AES instructions put ChaCha20 first.
        unsafe copenssl_set_server_options(context)
        guard unsafe copenssl_set_protocol_range(context, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
            unsafe SSL_CTX_set_cipher_list(context, Self.ciphersBefore13) == 1,
            unsafe copenssl_set_groups(context, Self.groups) == 1,
            unsafe SSL_CTX_set_session_id_context(
                context,
                Self.sessionContext,
                UInt32(Self.sessionContext.count)
            )
                == 1
        else { throw .library(reason: TLSErrorQueue.takeReason()) }
        unsafe TLSSession.countHandshakeMessages(in: context)
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    /// Serves `identity`.
    func use(_ identity: TLSIdentity) throws(TLSContextError) {
        TLSErrorQueue.clear()
        var isAccepted =
            unsafe SSL_CTX_use_certificate(pointer, identity.certificate.pointer) == 1
            && SSL_CTX_use_PrivateKey(pointer, identity.privateKey.pointer) == 1
        for certificate in identity.chain where isAccepted {
            isAccepted = unsafe copenssl_add_chain_certificate(pointer, certificate.pointer) == 1
        }
        guard isAccepted else { throw .rejected(path: identity.path, reason: TLSErrorQueue.takeReason()) }
    }

    /// Encrypts session tickets with the keys of `other`, so that each accepts the tickets of both.
    func shareTicketKeys(of other: TLSContextHandle) throws(TLSContextError) {
        let length = unsafe copenssl_get_ticket_keys(other.pointer, nil, 0)
        var keys = [UInt8](repeating: 0, count: length)
        let isCopied =
            unsafe copenssl_get_ticket_keys(other.pointer, &keys, length) == 1
            && copenssl_set_ticket_keys(pointer, keys, length) == 1
        unsafe keys.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
        guard isCopied else { throw .library(reason: TLSErrorQueue.takeReason()) }
    }

    /// Asks `selection`, which must live as long as any connection of this context, during each handshake.
    func consult(_ selection: TLSSelection) {
        let argument = unsafe Unmanaged.passUnretained(selection).toOpaque()
        unsafe copenssl_set_server_name_callback(
            pointer,
            { connection, _, argument in unsafe TLSContextHandle.selectCertificate(connection, argument) },
            argument
        )
        guard !selection.applicationProtocols.isEmpty else { return }
        unsafe SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, chosen, chosenLength, offered, offeredLength, argument in
                let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
                guard let argument = unsafe argument,
                    let range = unsafe Unmanaged<TLSSelection>.fromOpaque(argument).takeUnretainedValue()
                        .applicationProtocol(in: list)
                else { return SSL_TLSEXT_ERR_NOACK }
                unsafe chosen?.pointee = unsafe offered?.advanced(by: range.lowerBound)
                unsafe chosenLength?.pointee = UInt8(range.count)
                return SSL_TLSEXT_ERR_OK
            },
            argument
        )
    }

    private static func selectCertificate(
        _ connection: OpaquePointer?,
        _ argument: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let argument = unsafe argument,
            let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name),
            let context = unsafe Unmanaged<TLSSelection>.fromOpaque(argument).takeUnretainedValue()
                .context(for: String(cString: name))
        else { return SSL_TLSEXT_ERR_NOACK }
        unsafe SSL_set_SSL_CTX(connection, context.pointer)
        return SSL_TLSEXT_ERR_OK
    }
}
