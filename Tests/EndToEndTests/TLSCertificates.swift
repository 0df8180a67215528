import TestSupport

/// Certificates for gateways that answer at 127.0.0.1, in a folder of a test.
struct TLSCertificates {
    /// Whether `openssl` and `curl` are there; a line on the output says so when they are not.
    static let isAvailable: Bool = {
        guard CertificateMaker.isAvailable else { return false }
        if (try? ChildProcess.run("curl", ["--version"]))?.ending == .exit(0) { return true }
        print("skipped: the TLS tests need the program curl")
        return false
    }()

    /// Makes certificates for other uses, and changes those that are there.
    let maker: CertificateMaker

    init(in folder: TemporaryDirectory) { maker = CertificateMaker(in: folder) }

    /// Makes a self-signed certificate for `name`, 127.0.0.1 and `others` with its key.
    func make(_ name: String, others: [String] = [], days: Int = 30) throws -> CertificateMaker.Files {
        try maker.selfSigned(name, Self.names(name) + others, days: days)
    }

    /// Makes a certificate whose days are over, or have not yet come; dates are like 20200131000000Z.
    func make(_ name: String, from start: String, to end: String) throws -> String {
        try maker.signed(name, Self.names(name), by: nil, dates: (start, end)).both
    }

    private static func names(_ name: String) -> [String] { ["DNS:\(name)", "IP:127.0.0.1"] }
}
