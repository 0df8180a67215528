import TestSupport

/// Certificates that the `openssl` program makes in a folder of a test.
struct TLSCertificates {
    /// Whether `openssl` and `curl` are there; a line on the output says so when they are not.
    static let isAvailable: Bool = {
        for program in ["openssl", "curl"] {
            let arguments = [program == "curl" ? "--version" : "version"]
            guard let result = try? ChildProcess.run(program, arguments), result.ending == .exit(0) else {
                print("skipped: the TLS tests need the program \(program)")
                return false
            }
        }
        return true
    }()

    /// A certificate could not be made.
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let folder: TemporaryDirectory

    init(in folder: TemporaryDirectory) { self.folder = folder }

    /// Makes a self-signed certificate for `name`, 127.0.0.1 and `others` with its key.
    /// - Returns: the paths of the certificate, of its key and of a file with both.
    func make(
        _ name: String,
        others: [String] = [],
        days: Int = 30
    ) throws -> (certificate: String, key: String, both: String) {
        let certificate = folder("\(name).crt")
        let key = folder("\(name).key")
        let names = (["DNS:\(name)", "IP:127.0.0.1"] + others).joined(separator: ",")
        try run([
            "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days",
            "\(days)",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-keyout", key, "-out", certificate,
        ])
        return (certificate, key, join(name, [certificate, key]))
    }

    /// Makes a certificate whose days are over, or have not yet come; dates are like 20200131000000Z.
    func make(_ name: String, from start: String, to end: String) throws -> String {
        let (certificate, key, _) = try make(name)
        folder.write("\(name).index", "")
        folder.write("\(name).serial", "01\n")
        folder.write(
            "\(name).cnf",
            """
            [ca]
            default_ca = own
            [own]
            new_certs_dir = \(folder.path)
            database = \(folder(name)).index
            serial = \(folder(name)).serial
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            """
        )
        let request = folder("\(name).csr")
        try run(["req", "-new", "-key", key, "-subj", "/CN=\(name)", "-out", request])
        try run([
            "ca", "-selfsign", "-batch", "-notext", "-config", folder("\(name).cnf"), "-keyfile", key,
            "-in", request, "-startdate", start, "-enddate", end, "-out", certificate,
        ])
        return join(name, [certificate, key])
    }

    /// Runs `openssl` and expects it to succeed.
    @discardableResult
    func run(_ arguments: [String]) throws -> String {
        let result = try ChildProcess.run("openssl", arguments)
        guard result.ending == .exit(0) else {
            throw Failure(description: "openssl \(arguments): \(result.error)")
        }
        return String(decoding: result.output, as: UTF8.self)
    }

    private func join(_ name: String, _ parts: [String]) -> String {
        folder.write("\(name).pem", parts.flatMap { readFile($0) ?? [] })
        return folder("\(name).pem")
    }
}
