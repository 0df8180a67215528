import TestSupport
import Transport

/// A certificate authority of the tests and what it has signed, made by the `openssl` command.
enum UpstreamCertificates {
    /// Whether the `openssl` command can be run; a line on standard output says so when it cannot.
    static let isAvailable = CertificateMaker.isAvailable

    private static let maker = CertificateMaker(in: TemporaryDirectory())
    private static let issuer = made { try maker.selfSigned("ca", commonName: "Test CA") }

    /// The path of the authority's certificate.
    static let authority = issuer.certificate

    /// For localhost, 127.0.0.1 and ::1.
    static let good = signed("good", ["DNS:localhost", "IP:127.0.0.1", "IP:::1"])

    /// For another host.
    static let other = signed("other", ["DNS:other.example"])

    /// For localhost, until the year 2020.
    static let expired = signed(
        "expired",
        ["DNS:localhost", "IP:127.0.0.1"],
        dates: ("20190101000000Z", "20200101000000Z")
    )

    /// For localhost, signed by itself.
    static let lonely = made { try maker.selfSigned("lonely", ["DNS:localhost", "IP:127.0.0.1"]) }.both

    /// The settings of a server with one of these certificates.
    static func server(_ path: String) throws -> TLSContext {
        try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: path, privateKeyPath: nil)],
            applicationProtocols: ["http/1.1"],
            previous: nil
        )
    }

    private static func signed(
        _ name: String,
        _ names: [String],
        dates: (start: String, end: String)? = nil
    ) -> String {
        made { try maker.signed(name, names, by: issuer, dates: dates) }.both
    }

    private static func made(_ make: () throws -> CertificateMaker.Files) -> CertificateMaker.Files {
        do { return try make() } catch { preconditionFailure("\(error)") }
    }
}
