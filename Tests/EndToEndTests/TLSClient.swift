import Glibc
import TestSupport

/// TLS clients of another making than the gateway's tests: curl and `openssl s_client`.
struct TLSClient {
    /// The gateway's port.
    let port: UInt16
    /// The certificate to trust; nil to trust any.
    var trusted: String?

    /// Gets a resource with curl.
    /// - Returns: the status, 0 if there was no answer, the body and what curl said.
    func get(
        _ target: String,
        _ arguments: [String] = []
    ) throws -> (status: Int, body: [UInt8], error: String) {
        let folder = TemporaryDirectory()
        let trust = trusted.map { ["--cacert", $0] } ?? ["--insecure"]
        let fixed = ["-sS", "--max-time", "60", "--noproxy", "*", "-o", folder("body"), "-w", "%{http_code}"]
        let result = try ChildProcess.run(
            "curl",
            fixed + trust + arguments + ["https://127.0.0.1:\(port)\(target)"]
        )
        let status = Int(String(decoding: result.output, as: UTF8.self)) ?? 0
        return (status, readFile(folder("body")) ?? [], result.error)
    }

    /// Connects with `openssl s_client`, asks for one page and waits for the end of the connection.
    /// - Returns: what `s_client` reports about the connection, with the answer in it.
    func session(_ arguments: [String] = []) throws -> String {
        let request = #"GET /_gateway/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"#
        let command = "printf '\(request)' | openssl s_client -ign_eof \"$@\" 2>&1"
        let result = try ChildProcess.run(
            "sh",
            ["-c", command, "sh", "-connect", "127.0.0.1:\(port)"] + arguments,
            seconds: 60
        )
        return String(decoding: result.output, as: UTF8.self)
    }

    /// The subject's common name of the certificate that the gateway shows.
    func subject(_ arguments: [String] = []) throws -> String? {
        let report = try session(arguments)
        return report.firstMatch(of: /subject=(?:.*)CN ?= ?([^\s,]+)/).map { String($0.output.1) }
    }
}

/// A TLS connection that stays open between requests, held by `openssl s_client`.
final class TLSKeptConnection {
    private let folder = TemporaryDirectory()
    private let client: ChildProcess
    private let input: Int32

    /// Connects.
    init(port: UInt16) throws {
        mkfifo(folder("input"), 0o600)
        // Open in both directions, so that neither side waits for the other or sees an end too early.
        input = open(folder("input"), O_RDWR | O_CLOEXEC)
        client = try ChildProcess(
            "sh",
            ["-c", "exec openssl s_client -quiet -connect 127.0.0.1:\(port) <\"$0\"", folder("input")],
            directory: "/",
            output: folder("output"),
            error: folder("error")
        )
    }

    deinit { close(input) }

    /// Sends a request.
    func send(_ target: String) {
        let bytes = Array("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        _ = write(input, bytes, bytes.count)
    }

    /// Waits until the answers so far contain `text` `count` times.
    func waitForText(_ text: String, count: Int) -> Bool {
        Deadline(seconds: 30).wait {
            let output = String(decoding: readFile(folder("output")) ?? [], as: UTF8.self)
            return output.ranges(of: text).count >= count
        }
    }

    /// Whether the connection has ended.
    var hasEnded: Bool { client.hasEnded }
}
