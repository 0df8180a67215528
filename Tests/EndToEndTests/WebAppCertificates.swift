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
        let maker = CertificateMaker(in: folder)
        let authority = try maker.selfSigned("authority.example")
        let other = try maker.selfSigned("other-authority.example")
        let here = ["DNS:localhost", "IP:127.0.0.1"]
        return Files(
            authority: authority.certificate,
            trusted: try maker.signed("trusted", here, by: authority).both,
            untrusted: try maker.signed("untrusted", here, by: other).both,
            otherName: try maker.signed("other-name", ["DNS:viewer.example"], by: authority).both
        )
    }
}
