import TestSupport

/// Certificates made by the `openssl` command in a temporary directory that goes away with the process.
enum TLSTestFiles {
    /// Where they are.
    static let folder = TemporaryDirectory()

    /// Whether the `openssl` command can be run; a line on standard output says so when it cannot.
    static let isAvailable: Bool = {
        let isFound = run(["version"])
        if !isFound { print("skipped: the TLS tests need the openssl command") }
        return isFound
    }()

    /// One PEM file with certificate and key for `one.example` and 127.0.0.1.
    static let one = pair("one", ["DNS:one.example", "IP:127.0.0.1", "IP:::1"])

    /// One PEM file with certificate and key for `Two.Example` and the names one label below.
    static let two = pair("two", ["DNS:Two.Example", "DNS:*.two.example"])

    /// One PEM file with certificate and key for `a.two.example`, with an RSA key.
    static let three = pair("three", ["DNS:a.two.example"], key: ["rsa:2048"])

    /// The path of a new file with `text`.
    static func file(_ name: String, _ text: String) -> String {
        folder.write(name, text)
        return folder(name)
    }

    static func contents(_ path: String) -> String {
        guard let bytes = readFile(path) else { preconditionFailure(path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Paths of a new self-signed certificate and of its private key.
    static func separate(
        _ name: String,
        _ alternativeNames: [String] = [],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        commonName: String? = nil
    ) -> (certificate: String, key: String) {
        let certificate = folder("\(name).crt")
        let privateKey = folder("\(name).key")
        var arguments = ["req", "-x509", "-nodes", "-days", "30", "-newkey"] + key
        arguments += ["-subj", "/CN=\(commonName ?? name)", "-keyout", privateKey, "-out", certificate]
        if !alternativeNames.isEmpty {
            arguments += ["-addext", "subjectAltName=" + alternativeNames.joined(separator: ",")]
        }
        precondition(run(arguments), "openssl \(arguments)")
        return (certificate, privateKey)
    }

    /// Runs `openssl` and says whether it succeeded.
    static func run(_ arguments: [String]) -> Bool {
        (try? ChildProcess.run("openssl", arguments))?.ending == .exit(0)
    }

    private static func pair(
        _ name: String,
        _ alternativeNames: [String],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) -> String {
        let (certificate, privateKey) = separate(name, alternativeNames, key: key)
        return file("\(name).pem", contents(certificate) + contents(privateKey))
    }
}
