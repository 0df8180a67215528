import Glibc

/// Certificates made by the `openssl` command in a temporary directory that goes away with the process.
enum TLSTestFiles {
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
        let path = directory + "/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var text = text
        text.withUTF8 { precondition(write(descriptor, $0.baseAddress, $0.count) == $0.count, path) }
        return path
    }

    static func contents(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        precondition(descriptor >= 0, path)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    /// Paths of a new self-signed certificate and of its private key.
    static func separate(
        _ name: String,
        _ alternativeNames: [String] = [],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        commonName: String? = nil
    ) -> (certificate: String, key: String) {
        let certificate = "\(directory)/\(name).crt"
        let privateKey = "\(directory)/\(name).key"
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
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var process: pid_t = 0
        guard posix_spawnp(&process, "openssl", &actions, nil, words, environ) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return false } }
        return status == 0
    }

    static let directory: String = {
        var template = Array("/tmp/tls-tests-XXXXXX".utf8CString)
        if let root = getenv("TMPDIR") {
            template = Array((String(cString: root) + "/tls-tests-XXXXXX").utf8CString)
        }
        precondition(mkdtemp(&template) != nil, "no temporary directory")
        atexit { TLSTestFiles.removeDirectory() }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    private static func pair(
        _ name: String,
        _ alternativeNames: [String],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) -> String {
        let (certificate, privateKey) = separate(name, alternativeNames, key: key)
        return file("\(name).pem", contents(certificate) + contents(privateKey))
    }

    private static func removeDirectory() {
        guard let stream = opendir(directory) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(directory)/\(name)")
        }
        closedir(stream)
        rmdir(directory)
    }
}
