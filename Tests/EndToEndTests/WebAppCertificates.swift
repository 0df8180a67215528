import TestSupport

/// Certificates of the origins that gateways under test fetch web apps from, made once for all tests.
enum WebAppCertificates {
    /// What a server shows.
    enum Kind: Sendable {
        /// For localhost and 127.0.0.1, from the authority that gateways are told to trust.
        case trusted
        /// The same from another authority.
        case untrusted
        /// From the trusted authority, but for another name.
        case otherName
    }

    /// The paths of the PEM files.
    private struct Files: Sendable {
        let authority: String
        let trusted: String
        let untrusted: String
        let otherName: String
    }

    private static let folder = TemporaryDirectory()
    private static let files: Result<Files, any Error> = Result { try make() }

    /// The authority to trust.
    static func authority() throws -> String { try files.get().authority }

    /// A chain with its key.
    static func chain(_ kind: Kind) throws -> String {
        let files = try files.get()
        return switch kind {
        case .trusted: files.trusted
        case .untrusted: files.untrusted
        case .otherName: files.otherName
        }
    }

    private static func make() throws -> Files {
        let certificates = TLSCertificates(in: folder)
        let authority = try certificates.make("authority.example")
        let other = try certificates.make("other-authority.example")
        func sign(_ name: String, _ names: String, _ signer: (certificate: String, key: String, both: String))
            throws
            -> String
        {
            let (key, certificate) = (folder("\(name).key"), folder("\(name).crt"))
            folder.write("\(name).ext", "subjectAltName=\(names)\n")
            try certificates.run([
                "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj",
                "/CN=\(name)", "-keyout", key, "-out", folder("\(name).csr"),
            ])
            try certificates.run([
                "x509", "-req", "-in", folder("\(name).csr"), "-CA", signer.certificate, "-CAkey", signer.key,
                "-CAcreateserial", "-days", "30", "-extfile", folder("\(name).ext"), "-out", certificate,
            ])
            folder.write("\(name).pem", (readFile(certificate) ?? []) + (readFile(key) ?? []))
            return folder("\(name).pem")
        }
        return Files(
            authority: authority.certificate,
            trusted: try sign("trusted", "DNS:localhost,IP:127.0.0.1", authority),
            untrusted: try sign("untrusted", "DNS:localhost,IP:127.0.0.1", other),
            otherName: try sign("other-name", "DNS:viewer.example", authority)
        )
    }
}
