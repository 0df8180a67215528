import TestSupport
import Transport

/// A certificate authority of the tests and what it has signed, made by the `openssl` command.
enum UpstreamCertificates {
    /// Whether the `openssl` command can be run; a line on standard output says so when it cannot.
    static let isAvailable: Bool = {
        let isFound = run(["version"])
        if !isFound { print("skipped: the TLS tests need the openssl command") }
        return isFound
    }()

    private static let folder = TemporaryDirectory()
    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    /// The path of the authority's certificate.
    static let authority: String = {
        demand(
            ["req", "-x509", "-days", "30", "-subj", "/CN=Test CA"] + key
                + ["-keyout", folder("ca.key"), "-out", folder("ca.crt")]
        )
        return folder("ca.crt")
    }()

    /// For localhost, 127.0.0.1 and ::1.
    static let good = signed("good", ["DNS:localhost", "IP:127.0.0.1", "IP:::1"])

    /// For another host.
    static let other = signed("other", ["DNS:other.example"])

    /// For localhost, until the year 2020.
    static let expired = signed(
        "expired",
        ["DNS:localhost", "IP:127.0.0.1"],
        dates: ["-startdate", "20190101000000Z", "-enddate", "20200101000000Z"]
    )

    /// For localhost, signed by itself.
    static let lonely: String = {
        demand(
            [
                "req", "-x509", "-days", "30", "-subj", "/CN=lonely", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ]
                + key + ["-keyout", folder("lonely.key"), "-out", folder("lonely.crt")]
        )
        return join("lonely")
    }()

    /// The settings of a server with one of these certificates.
    static func server(_ path: String) throws -> TLSContext {
        try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: path, privateKeyPath: nil)],
            applicationProtocols: ["http/1.1"],
            previous: nil
        )
    }

    private static func signed(_ name: String, _ names: [String], dates: [String] = ["-days", "30"]) -> String
    {
        demand(
            ["req", "-new", "-subj", "/CN=\(name)"] + key
                + ["-keyout", folder("\(name).key"), "-out", folder("\(name).csr")]
        )
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
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = leaf
            [any]
            commonName = supplied
            [leaf]
            subjectAltName = \(names.joined(separator: ","))
            """
        )
        demand(
            [
                "ca", "-batch", "-notext", "-config", folder("\(name).cnf"), "-cert", authority, "-keyfile",
                folder("ca.key"), "-in", folder("\(name).csr"), "-out", folder("\(name).crt"),
            ] + dates
        )
        return join(name)
    }

    private static func join(_ name: String) -> String {
        let parts = [folder("\(name).crt"), folder("\(name).key")]
        folder.write("\(name).pem", parts.flatMap { readFile($0) ?? [] })
        return folder("\(name).pem")
    }

    private static func demand(_ arguments: [String]) {
        precondition(run(arguments), "openssl \(arguments)")
    }

    private static func run(_ arguments: [String]) -> Bool {
        (try? ChildProcess.run("openssl", arguments))?.ending == .exit(0)
    }
}
