import COpenSSL

/// What a client demands of the server's certificate (RFC 9110 section 4.3.4).
extension TLSSession {
    /// Demands a certificate for `host`, and names it in the ClientHello unless it is an address.
    func expect(_ host: String) throws(TLSError) {
        TLSErrorQueue.clear()
        let parameters = unsafe SSL_get0_param(connection)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        TLSErrorQueue.clear()
        // A dot at the end makes a name absolute in the DNS only; certificates and server names have none.
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters,
            UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        )
        guard !name.isEmpty, unsafe X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1,
            unsafe copenssl_set_server_name(connection, name) == 1
        else { throw .handshake(reason: "\"\(host)\" is no host name") }
    }

    /// Why the peer's certificate was refused, as "self-signed certificate in certificate chain"; `nil` when it
    /// was not.
    var certificateRejection: String? {
        let code = unsafe SSL_get_verify_result(connection)
        guard code != X509_V_OK else { return nil }
        return unsafe String(cString: X509_verify_cert_error_string(code))
    }
}
