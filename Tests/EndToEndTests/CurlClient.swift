import TestSupport

/// curl as an HTTP client whose version of HTTP is chosen by the test.
struct CurlClient {
    /// What curl is told to speak.
    enum Version: String, Sendable {
        /// HTTP/1.1.
        case http1 = "--http1.1"
        /// HTTP/2 when the server offers it: by ALPN over TLS, otherwise by an upgrade.
        case http2 = "--http2"
        /// HTTP/2 from the first byte.
        case http2PriorKnowledge = "--http2-prior-knowledge"
    }

    /// What came back.
    struct Answer {
        /// The version as curl writes it, `1.1` or `2`; `0` when there was no answer.
        let version: String
        /// The status code, 0 when there was no answer.
        let status: Int
        /// The fields of the last head, with names in lower case.
        let fields: [(name: String, value: String)]
        /// The body, with codings left on; empty for HEAD.
        let body: [UInt8]
        /// What curl said on its error output.
        let error: String

        /// The value of the first field of that name, in lower case.
        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Whether there is a curl that speaks HTTP/2; a line on the output says so when there is none.
    static let isAvailable: Bool = {
        let result = try? ChildProcess.run("curl", ["--version"])
        let text = String(decoding: result?.output ?? [], as: UTF8.self)
        if text.contains(" HTTP2") { return true }
        print("skipped: the HTTP/2 tests with curl need the program curl with HTTP/2")
        return false
    }()

    /// The scheme and authority of the gateway.
    let origin: String
    let version: Version

    /// Asks for a target.
    func ask(_ target: String, _ arguments: [String] = []) throws -> Answer {
        let answers = try ask([target], arguments)
        return answers[0]
    }

    /// Asks for several targets one after the other, on one connection if the server keeps it.
    func ask(_ targets: [String], _ arguments: [String] = []) throws -> [Answer] {
        let folder = TemporaryDirectory()
        var words: [String] = []
        for (index, target) in targets.enumerated() {
            if index > 0 { words.append("--next") }
            words += [
                "-sS", "--insecure", "--max-time", "60", "--noproxy", "*", "--path-as-is", version.rawValue,
            ]
            words += ["-D", folder("head\(index)"), "-o", folder("body\(index)")]
            words += ["-w", "%{http_version} %{http_code}\n"] + arguments + ["\(origin)\(target)"]
        }
        let result = try ChildProcess.run("curl", words)
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        return targets.indices.map { index in
            let words = index < lines.count ? lines[index].split(separator: " ") : []
            return Answer(
                version: words.first.map(String.init) ?? "0",
                status: words.last.flatMap { Int($0) } ?? 0,
                fields: Self.fields(readFile(folder("head\(index)")) ?? []),
                // With -I curl writes the head there once more.
                body: arguments.contains("-I") ? [] : readFile(folder("body\(index)")) ?? [],
                error: result.error
            )
        }
    }

    /// The fields of the last of the heads that curl has written down.
    private static func fields(_ heads: [UInt8]) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in String(decoding: heads, as: UTF8.self).split(separator: "\r\n") {
            if line.hasPrefix("HTTP/") {
                fields = []
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                fields.append((line[..<colon].lowercased(), String(value)))
            }
        }
        return fields
    }
}
