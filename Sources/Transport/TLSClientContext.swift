import COpenSSL
import Glibc

/// A client's TLS settings: which certificates it trusts; made once and shared by all event loops.
///
/// It allows TLS 1.2 and 1.3, always verifies the server's certificate chain and host name, offers HTTP/1.1 by
/// ALPN, and resumes no sessions.
@safe
public final class TLSClientContext: @unchecked Sendable {
    // Unchecked because OpenSSL objects are pointers: nothing here changes after init, and an SSL_CTX that is
    // no longer being configured may be used by any number of threads at once (openssl-threads(7)).

    /// Which certificates end a chain of trust.
    public enum Trust: Sendable, Equatable {
        /// Those of the system; `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment say where they are, as for
        /// every program with OpenSSL.
        case system
        /// Those of the system, and those in a PEM file.
        case systemAnd(path: String)
        /// Only those in a PEM file.
        case only(path: String)
    }

    let pointer: OpaquePointer

    /// Protocols offered by ALPN (RFC 7301), each with its length before it.
    private static let applicationProtocols: [UInt8] = [8] + Array("http/1.1".utf8)

    /// Reads the trusted certificates.
    /// - Throws: `TLSContextError` for a file that cannot be used.
    public init(trust: Trust) throws(TLSContextError) {
        TLSErrorQueue.clear()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw .library(reason: TLSErrorQueue.takeReason())
        }
        unsafe pointer = unsafe context
        unsafe copenssl_set_client_options(context)
        let protocols = Self.applicationProtocols
        // SSL_CTX_set_alpn_protos is the one function here that returns 0 for success.
        guard unsafe copenssl_set_protocol_range(context, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
            unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) == 0
        else { throw .library(reason: TLSErrorQueue.takeReason()) }
        unsafe TLSSession.countHandshakeMessages(in: context)
        switch trust {
        case .system: try trustSystem()
        case .systemAnd(let path):
            try trustSystem()
            try trustFile(path)
        case .only(let path): try trustFile(path)
        }
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    private func trustSystem() throws(TLSContextError) {
        // OpenSSL passes over a file that is not there, and then nothing at all is trusted.
        if let variable = unsafe getenv(X509_get_default_cert_file_env()) {
            let path = unsafe String(cString: variable)
            if unsafe access(path, R_OK) != 0 {
                throw .unreadable(path: path, reason: TLSErrorQueue.systemReason(errno))
            }
        }
        TLSErrorQueue.clear()
        guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
            throw .library(reason: TLSErrorQueue.takeReason())
        }
    }

    private func trustFile(_ path: String) throws(TLSContextError) {
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        for certificate in try TLSPEMFile(path: path).certificates() {
            TLSErrorQueue.clear()
            guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                throw .rejected(path: path, reason: TLSErrorQueue.takeReason())
            }
        }
    }
}
