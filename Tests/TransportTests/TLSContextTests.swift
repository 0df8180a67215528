import Testing

@testable import Transport

@Suite(.enabled(if: TLSTestFiles.isAvailable))
struct TLSContextTests {
    private func context(
        _ path: String,
        key: String? = nil,
        now: Int64? = nil
    ) throws(TLSContextError) -> TLSContext {
        let files = [TLSCertificateFiles(certificatePath: path, privateKeyPath: key)]
        guard let now else {
            return try TLSContext(certificates: files, applicationProtocols: ["http/1.1"], previous: nil)
        }
        return try TLSContext(
            certificates: files,
            applicationProtocols: ["http/1.1"],
            previous: nil,
            now: now
        )
    }

    private func message(_ path: String, key: String? = nil) -> String {
        do {
            _ = try context(path, key: key)
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test func acceptsOneFileOrTwo() throws {
        let files = TLSTestFiles.selfSigned("apart", ["DNS:apart.example"])
        #expect(try context(TLSTestFiles.one).warnings.isEmpty)
        #expect(try context(files.certificate, key: files.key).certificateNames == ["apart.example"])
    }

    @Test(arguments: [["rsa:2048"], ["ed25519"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]])
    func acceptsKeysOfEveryKind(key: [String]) {
        let files = TLSTestFiles.selfSigned("kind-\(key[0].prefix(3))", key: key)
        #expect(message(files.certificate, key: files.key) == "accepted")
    }

    @Test func acceptsTheFormsOfAKey() throws {
        let files = TLSTestFiles.selfSigned("forms")
        let traditional = TLSTestFiles.folder("forms-sec1.key")
        try #require(TLSTestFiles.run(["ec", "-in", files.key, "-out", traditional]))
        let parameters = TLSTestFiles.folder("forms-parameters.pem")
        try #require(TLSTestFiles.run(["ecparam", "-name", "prime256v1", "-out", parameters]))
        let certificate = TLSTestFiles.contents(files.certificate)
        let both = TLSTestFiles.contents(parameters) + TLSTestFiles.contents(traditional)
        #expect(both.contains("BEGIN EC PARAMETERS") && both.contains("BEGIN EC PRIVATE KEY"))
        #expect(message(TLSTestFiles.file("forms-1.pem", both + certificate)) == "accepted")
        #expect(
            message(TLSTestFiles.file("forms-2.pem", "# a comment\r\n" + certificate + both)) == "accepted"
        )
    }

    @Test func namesAreLowerCaseAndOfAllCertificates() throws {
        let paths = [TLSTestFiles.one, TLSTestFiles.two, TLSTestFiles.three, TLSTestFiles.one]
        let context = try TLSContext(
            certificates: paths.map { TLSCertificateFiles(certificatePath: $0) },
            applicationProtocols: [],
            previous: nil
        )
        #expect(
            context.certificateNames == [
                "one.example", "127.0.0.1", "::1", "two.example", "*.two.example", "a.two.example",
            ]
        )
    }

    @Test func commonNameStandsInForMissingNames() throws {
        let files = TLSTestFiles.selfSigned("common", commonName: "Common.Example")
        #expect(try context(files.certificate, key: files.key).certificateNames == ["common.example"])
    }

    @Test func missingFile() {
        #expect(message("/nonexistent/a.pem") == "cannot read /nonexistent/a.pem: No such file or directory")
        let key = message(TLSTestFiles.one, key: "/nonexistent/a.key")
        #expect(key == "cannot read /nonexistent/a.key: No such file or directory")
    }

    @Test func directoryInPlaceOfAFile() {
        let path = TLSTestFiles.folder.path
        #expect(message(path) == "cannot read \(path): Is a directory")
    }

    @Test(arguments: ["", "hello\n", "-----BEGIN CERT", "\0\u{1}\u{2}"])
    func noCertificate(text: String) {
        let path = TLSTestFiles.file("none-\(text.utf8.count).pem", text)
        #expect(message(path) == "\(path): no certificate in PEM form found")
    }

    @Test func keyFileInPlaceOfTheCertificate() {
        let files = TLSTestFiles.selfSigned("swapped")
        #expect(message(files.key) == "\(files.key): no certificate in PEM form found")
        let key = message(files.certificate, key: files.certificate)
        #expect(key == "\(files.certificate): no private key in PEM form found")
    }

    @Test(arguments: ["AAAA", "!!!!", ""])
    func damagedCertificate(content: String) {
        let text = "-----BEGIN CERTIFICATE-----\n\(content)\n-----END CERTIFICATE-----\n"
        let path = TLSTestFiles.file("damaged-\(content.utf8.first ?? 0).pem", text)
        #expect(message(path).hasPrefix("\(path): the certificate is damaged ("))
        let chain = TLSTestFiles.contents(TLSTestFiles.one) + text
        let chainPath = TLSTestFiles.file("damaged-chain-\(content.utf8.first ?? 0).pem", chain)
        #expect(message(chainPath).hasPrefix("\(chainPath): the certificate is damaged ("))
    }

    @Test func cutCertificate() {
        let text = TLSTestFiles.contents(TLSTestFiles.one)
        let path = TLSTestFiles.file("cut.pem", String(text.prefix(200)))
        #expect(message(path).hasPrefix("\(path): the certificate is damaged ("))
    }

    @Test func noKeyBesideTheCertificate() {
        let path = TLSTestFiles.selfSigned("keyless").certificate
        let expected = "\(path): no private key beside the certificate; give it with --tls-key"
        #expect(message(path) == expected)
    }

    @Test func damagedKey() {
        let files = TLSTestFiles.selfSigned("damaged-key")
        let text = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        let key = TLSTestFiles.file("damaged.key", text)
        #expect(message(files.certificate, key: key).hasPrefix("\(key): the private key is damaged ("))
    }

    @Test(arguments: ["pkcs8", "ec"])
    func keyWithPassword(form: String) throws {
        let files = TLSTestFiles.selfSigned("password-\(form)")
        let key = TLSTestFiles.folder("password-\(form).enc")
        let arguments =
            form == "pkcs8"
            ? ["pkcs8", "-topk8", "-in", files.key, "-out", key, "-passout", "pass:secret"]
            : ["ec", "-aes256", "-in", files.key, "-out", key, "-passout", "pass:secret"]
        try #require(TLSTestFiles.run(arguments))
        #expect(
            message(files.certificate, key: key).hasPrefix(
                "\(key): the private key is protected by a password"
            )
        )
    }

    @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["rsa:2048"]])
    func keyOfAnotherCertificate(key: [String]) {
        let files = TLSTestFiles.selfSigned("mismatch-\(key[0].prefix(3))", key: key)
        let other = TLSTestFiles.selfSigned("mismatch-other-\(key[0].prefix(3))")
        let expected =
            "\(other.key): the private key does not belong to the certificate in \(files.certificate)"
        #expect(message(files.certificate, key: other.key) == expected)
        let text = TLSTestFiles.contents(files.certificate) + TLSTestFiles.contents(other.key)
        let path = TLSTestFiles.file("mismatch-\(key[0].prefix(3)).pem", text)
        #expect(message(path) == "\(path): the private key does not belong to the first certificate")
    }

    @Test func keyTooShort() {
        let files = TLSTestFiles.selfSigned("short", key: ["rsa:512"])
        let expected = "\(files.certificate): OpenSSL does not accept the certificate (ee key too small)"
        #expect(message(files.certificate, key: files.key) == expected)
    }

    @Test func fileTooLarge() {
        let path = TLSTestFiles.file("large.pem", String(repeating: "x", count: (1 << 20) + 1))
        #expect(message(path) == "cannot read \(path): more than 1048576 bytes")
    }

    @Test func datesAreWarnedAbout() throws {
        let end = try context(TLSTestFiles.one).notAfter
        let day: Int64 = 86_400
        func warnings(at now: Int64) throws -> [String] { try context(TLSTestFiles.one, now: now).warnings }
        let prefix = TLSTestFiles.one + ": the certificate "
        #expect(try warnings(at: end - 14 * day).isEmpty)
        let soon = try #require(try warnings(at: end - 14 * day + 1).first)
        #expect(soon.hasPrefix(prefix + "expires on 20") && soon.hasSuffix(", 13 days from now"))
        #expect(try #require(try warnings(at: end - day).first).hasSuffix(", 1 day from now"))
        let past = try #require(try warnings(at: end + 1).first)
        #expect(past.hasPrefix(prefix + "expired on 20"))
        #expect(past.count == (prefix + "expired on YYYY-MM-DD").count)
        let early = try #require(try warnings(at: end - 40 * day).first)
        #expect(early.hasPrefix(prefix + "is not valid before 20"))
    }
}
