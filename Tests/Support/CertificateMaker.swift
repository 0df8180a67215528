/// Makes certificates with the `openssl` program, in a folder of a test.
public struct CertificateMaker: Sendable {
    /// The paths of a certificate's PEM files.
    public struct Files: Sendable {
        public let certificate: String
        public let key: String
        /// The certificate and its key in one file.
        public let both: String
    }

    /// What `openssl` has to say when it does not succeed.
    public typealias Failure = ChildProcess.Failure

    /// Whether `openssl` is there; a line on the output says so when it is not.
    public static let isAvailable: Bool = {
        if (try? ChildProcess.run("openssl", ["version"]))?.ending == .exit(0) { return true }
        print("skipped: the TLS tests need the program openssl")
        return false
    }()

    /// An ECDSA key, as `openssl` is told.
    public static let ellipticKey = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

    private let folder: TemporaryDirectory

    /// Files are made in `folder`.
    public init(in folder: TemporaryDirectory) { self.folder = folder }

    /// Makes a certificate that is signed by itself.
    /// - Parameters:
    ///   - name: the name of the files.
    ///   - alternativeNames: like `DNS:localhost`.
    ///   - commonName: the name of the subject; `name` when it is `nil`.
    ///   - key: the kind of the key, as `openssl` is told.
    ///   - days: how long it is valid.
    /// - Returns: the files.
    /// - Throws: `Failure` when `openssl` does not succeed.
    public func selfSigned(
        _ name: String,
        _ alternativeNames: [String] = [],
        commonName: String? = nil,
        key: [String] = ellipticKey,
        days: Int = 30
    ) throws(Failure) -> Files {
        var arguments = ["req", "-x509", "-nodes", "-days", "\(days)", "-newkey"] + key
        arguments += ["-subj", "/CN=\(commonName ?? name)", "-keyout", folder("\(name).key")]
        if !alternativeNames.isEmpty {
            arguments += ["-addext", "subjectAltName=" + alternativeNames.joined(separator: ",")]
        }
        try run(arguments + ["-out", folder("\(name).crt")])
        return join(name)
    }

    /// Makes a certificate that is signed by another, or by itself.
    /// - Parameters:
    ///   - name: the name of the files and of the subject.
    ///   - alternativeNames: like `DNS:localhost`.
    ///   - authority: what signs it; it is signed by itself when this is `nil`.
    ///   - dates: when it becomes valid and ceases to be, like `20200131000000Z`; thirty days from now when it is `nil`.
    /// - Returns: the files.
    /// - Throws: `Failure` when `openssl` does not succeed.
    public func signed(
        _ name: String,
        _ alternativeNames: [String],
        by authority: Files?,
        dates: (start: String, end: String)? = nil
    ) throws(Failure) -> Files {
        let request = folder("\(name).csr")
        let key = folder("\(name).key")
        try run(
            ["req", "-new", "-nodes", "-newkey"] + Self.ellipticKey
                + ["-subj", "/CN=\(name)", "-keyout", key, "-out", request]
        )
        folder.write("\(name).index", "")
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
            subjectAltName = \(alternativeNames.joined(separator: ","))
            """
        )
        let signer =
            authority.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", key]
        let validity = dates.map { ["-startdate", $0.start, "-enddate", $0.end] } ?? ["-days", "30"]
        try run(
            ["ca", "-batch", "-notext", "-config", folder("\(name).cnf"), "-in", request]
                + ["-out", folder("\(name).crt")] + signer + validity
        )
        return join(name)
    }

    /// Runs `openssl` and expects it to succeed.
    /// - Returns: its output.
    /// - Throws: `Failure` when it does not.
    @discardableResult
    public func run(_ arguments: [String]) throws(Failure) -> String {
        let result = try ChildProcess.run("openssl", arguments)
        guard result.ending == .exit(0) else {
            throw Failure(description: "openssl \(arguments): \(result.error)")
        }
        return String(decoding: result.output, as: UTF8.self)
    }

    private func join(_ name: String) -> Files {
        let files = Files(
            certificate: folder("\(name).crt"),
            key: folder("\(name).key"),
            both: folder("\(name).pem")
        )
        folder.write("\(name).pem", [files.certificate, files.key].flatMap { readFile($0) ?? [] })
        return files
    }
}
