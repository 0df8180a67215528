import COpenSSL
import Glibc

/// An OpenSSL client over memory, whose bytes the test moves by hand to and from a non-blocking socket.
final class TLSTestClient {
    let connection: OpaquePointer
    private let context: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    struct Options {
        var version = TLS1_3_VERSION
        var serverName: String?
        var applicationProtocols: [String] = []
        var session: OpaquePointer?
        var verifiesCertificate = false
    }

    init(_ options: Options = Options()) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { fatalError("out of memory") }
        self.context = context
        // TLS 1.1 is below the security level of the distribution's defaults.
        SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0")
        precondition(copenssl_set_protocol_range(context, options.version, options.version) == 1)
        SSL_CTX_set_verify(context, options.verifiesCertificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        guard let connection = SSL_new(context), let input = BIO_new(BIO_s_mem()),
            let output = BIO_new(BIO_s_mem())
        else { fatalError("out of memory") }
        self.connection = connection
        self.input = input
        self.output = output
        SSL_set_bio(connection, input, output)
        SSL_set_connect_state(connection)
        if let session = options.session { SSL_set_session(connection, session) }
        if var name = options.serverName.map({ Array($0.utf8CString) }) {
            SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name)
        }
        let list = options.applicationProtocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !list.isEmpty { SSL_set_alpn_protos(connection, list, UInt32(list.count)) }
    }

    deinit {
        SSL_free(connection)
        SSL_CTX_free(context)
    }

    /// Goes on with the handshake; whether it is complete.
    func handshake() -> Bool {
        ERR_clear_error()
        return SSL_do_handshake(connection) == 1
    }

    func write(_ bytes: [UInt8]) {
        ERR_clear_error()
        precondition(SSL_write(connection, bytes, Int32(bytes.count)) == bytes.count)
    }

    /// All plaintext that has arrived.
    func read() -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        ERR_clear_error()
        while case let count = SSL_read(connection, &block, Int32(block.count)), count > 0 {
            bytes += block[..<Int(count)]
        }
        return bytes
    }

    /// Whether the server has sent close_notify.
    var hasReceivedClose: Bool { SSL_get_shutdown(connection) & SSL_RECEIVED_SHUTDOWN != 0 }

    func sendClose() {
        SSL_shutdown(connection)
    }

    /// Asks the server to change keys and changes its own.
    func updateKeys() {
        precondition(SSL_key_update(connection, SSL_KEY_UPDATE_REQUESTED) == 1)
        precondition(SSL_do_handshake(connection) == 1)
    }

    /// Asks for a new handshake within the connection (TLS 1.2); whether the request could be made.
    func startRenegotiation() -> Bool {
        SSL_renegotiate(connection) == 1 && !handshake()
    }

    /// OpenSSL's text for what went wrong last.
    var lastReason: String? { ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) } }

    var negotiatedProtocol: String? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(connection, &bytes, &count)
        guard let bytes else { return nil }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    /// The common name of the server's certificate.
    var serverCommonName: String? {
        guard let certificate = SSL_get1_peer_certificate(connection) else { return nil }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        let length = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate),
            NID_commonName,
            &text,
            Int32(text.count)
        )
        guard length >= 0 else { return nil }
        return String(decoding: text[..<Int(length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The session to resume; to be freed by the caller.
    func takeSession() -> OpaquePointer? { SSL_get1_session(connection) }

    /// The ciphertext to be sent, at most `limit` bytes.
    func takeOutput(limit: Int = .max) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(limit, BIO_ctrl_pending(output)))
        guard !bytes.isEmpty else { return [] }
        precondition(BIO_read(output, &bytes, Int32(bytes.count)) == bytes.count)
        return bytes
    }

    /// Moves all output to `descriptor`, and up to `limit` bytes that wait there to the input.
    func exchange(_ descriptor: Int32, limit: Int = .max) {
        let bytes = takeOutput()
        precondition(
            bytes.isEmpty || send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        )
        receive(descriptor, limit: limit)
    }

    /// Moves up to `limit` bytes that wait at `descriptor` to the input; how many.
    @discardableResult
    func receive(_ descriptor: Int32, limit: Int = .max) -> Int {
        var block = [UInt8](repeating: 0, count: 16_384)
        var total = 0
        while total < limit {
            let count = recv(descriptor, &block, min(block.count, limit - total), Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            precondition(BIO_write(input, block, Int32(count)) == count)
            total += count
        }
        return total
    }
}
