import Glibc

/// The server's TLS settings with its certificates, made once and shared by all event loops; a reload makes a
/// new one, and the old one lives on with the connections that began under it.
///
/// It allows TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, resumes sessions by
/// tickets, and accepts neither renegotiation, compression nor early data.
public final class TLSContext: @unchecked Sendable {
    // Unchecked because OpenSSL objects are pointers: nothing here changes after init, and an SSL_CTX that is
    // no longer being configured may be used by any number of threads at once (openssl-threads(7)).

    /// DNS names and addresses the certificates are for, lower case and without repetition.
    public let certificateNames: [String]

    /// When the first of the certificates expires, in Unix seconds.
    public let notAfter: Int64

    /// One line for each certificate that is not valid yet, has expired, or expires within 14 days.
    public let warnings: [String]

    /// The context each connection begins with; that of the first certificate.
    let initial: TLSContextHandle

    private let selection: TLSSelection

    /// Reads the certificates and their private keys.
    ///
    /// - Parameters:
    ///   - certificates: at least one. The client's server name chooses among them: an exact name, then a
    ///     wildcard for one label, else the first certificate.
    ///   - applicationProtocols: names for ALPN, the preferred one first. A client that offers none of them
    ///     is served without ALPN.
    ///   - previous: the context this one replaces; tickets given out under it stay good.
    /// - Throws: `TLSContextError` for the first file that cannot be used.
    public convenience init(
        certificates: [TLSCertificateFiles],
        applicationProtocols: [String],
        previous: TLSContext?
    ) throws(TLSContextError) {
        try self.init(
            certificates: certificates,
            applicationProtocols: applicationProtocols,
            previous: previous,
            now: Int64(time(nil))
        )
    }

    /// The same at another time, `now` in Unix seconds.
    init(
        certificates: [TLSCertificateFiles],
        applicationProtocols: [String],
        previous: TLSContext?,
        now: Int64
    ) throws(TLSContextError) {
        precondition(!certificates.isEmpty, "a TLS server needs a certificate")
        var identities: [TLSIdentity] = []
        var handles: [TLSContextHandle] = []
        for files in certificates {
            let identity = try TLSIdentity(files)
            let handle = try TLSContextHandle()
            try handle.use(identity)
            if let source = previous?.initial ?? handles.first { try handle.shareTicketKeys(of: source) }
            identities.append(identity)
            handles.append(handle)
        }
        var names: [String] = []
        for name in identities.flatMap(\.names) where !names.contains(name) { names.append(name) }
        certificateNames = names
        notAfter = identities.map(\.validity.upperBound).min() ?? 0
        warnings = identities.compactMap { $0.warning(now: now) }
        initial = handles[0]
        selection = TLSSelection(
            contexts: handles,
            names: identities.map(\.names),
            applicationProtocols: applicationProtocols
        )
        for handle in handles { handle.consult(selection) }
    }
}
