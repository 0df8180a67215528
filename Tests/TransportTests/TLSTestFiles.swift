import TestSupport

/// Certificates made by the `openssl` command in a temporary directory that goes away with the process.
enum TLSTestFiles {
    /// Where they are.
    static let folder = TemporaryDirectory()

    /// Whether the `openssl` command can be run; a line on standard output says so when it cannot.
    static let isAvailable = CertificateMaker.isAvailable

    private static let maker = CertificateMaker(in: folder)

    /// One PEM file with certificate and key for `one.example` and 127.0.0.1.
    static let one = selfSigned("one", ["DNS:one.example", "IP:127.0.0.1", "IP:::1"]).both

    /// One PEM file with certificate and key for `Two.Example` and the names one label below.
    static let two = selfSigned("two", ["DNS:Two.Example", "DNS:*.two.example"]).both

    /// One PEM file with certificate and key for `a.two.example`, with an RSA key.
    static let three = selfSigned("three", ["DNS:a.two.example"], key: ["rsa:2048"]).both

    /// The path of a new file with `text`.
    static func file(_ name: String, _ text: String) -> String {
        folder.write(name, text)
        return folder(name)
    }

    static func contents(_ path: String) -> String {
        guard let bytes = readFile(path) else { preconditionFailure(path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The files of a new self-signed certificate.
    static func selfSigned(
        _ name: String,
        _ alternativeNames: [String] = [],
        key: [String] = CertificateMaker.ellipticKey,
        commonName: String? = nil
    ) -> CertificateMaker.Files {
        do {
            return try maker.selfSigned(name, alternativeNames, commonName: commonName, key: key)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Runs `openssl` and says whether it succeeded.
    static func run(_ arguments: [String]) -> Bool { (try? maker.run(arguments)) != nil }
}
