import Glibc
import TestSupport
import Testing

/// Which version of HTTP a TLS client gets, and what says so afterwards.
@Suite(.enabled(if: TLSCertificates.isAvailable && CurlClient.isAvailable))
struct HTTP2NegotiationTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let folder = TemporaryDirectory()

    private func curl(_ gateway: Gateway, _ version: CurlClient.Version = .http2) -> CurlClient {
        CurlClient(origin: "https://127.0.0.1:\(gateway.port)", version: version)
    }

    /// What ALPN comes to when a client offers these protocols; `nil` when it comes to none.
    private func negotiated(_ gateway: Gateway, offering protocols: String) throws -> String? {
        let session = try TLSClient(port: gateway.port).session(["-alpn", protocols])
        return session.firstMatch(of: /ALPN protocol: (\S+)/).map { String($0.output.1) }
    }

    @Test(
        "ALPN chooses HTTP/2 only when both sides offer it",
        arguments: ["true", "false"],
        [("h2", "h2"), ("http/1.1,h2", "h2"), ("http/1.1", "http/1.1"), ("http/1.0,http/1.1", "http/1.1")]
    )
    func alpn(isOffered: String, sample: (offer: String, choice: String)) throws {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        let gateway = try Gateway([Repository.demo, "--tls", certificate, "--http2", isOffered])
        let offersHTTP1 = sample.offer.contains("http/1.1")
        let expected = isOffered == "true" ? sample.choice : offersHTTP1 ? "http/1.1" : nil
        #expect(try negotiated(gateway, offering: sample.offer) == expected)
    }

    @Test("A client gets the version that it wants", arguments: [("true", "2"), ("false", "1.1")])
    func versions(isOffered: String, version: String) throws {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        let gateway = try Gateway([Repository.demo, "--tls", certificate, "--http2", isOffered])
        let target = "/pbmc_q16/points_2d.bin"
        let file = readFile(Repository.demo + target)
        let new = try curl(gateway).ask(target)
        #expect(new.version == version)
        #expect(new.body == file)
        let old = try curl(gateway, .http1).ask(target)
        #expect(old.version == "1.1")
        #expect(old.body == file)
    }

    @Test("SIGHUP switches HTTP/2 off and on for new connections")
    func reload() throws {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        func configure(_ isEnabled: Bool) {
            folder.write(
                "gateway.json5",
                "{ roots: ['\(Repository.demo)'], tls: '\(certificate)', http2: { enabled: \(isEnabled) } }"
            )
        }
        configure(true)
        let gateway = try Gateway(["--config", folder("gateway.json5")])
        #expect(try curl(gateway).ask("/_gateway/livez").version == "2")
        for (isEnabled, version) in [(false, "1.1"), (true, "2"), (false, "1.1")] {
            configure(isEnabled)
            gateway.send(signal: SIGHUP)
            let isTakenOver = try Deadline(seconds: 30).wait {
                try curl(gateway).ask("/_gateway/livez").version == version
            }
            #expect(isTakenOver, "\(gateway.errorText)")
            #expect(try curl(gateway).ask("/_gateway/livez").status == 200)
        }
        #expect(!gateway.errorText.contains("need a restart"), "\(gateway.errorText)")
    }

    // MARK: What tells the version

    @Test("The access log names the version and counts the bytes of bodies", arguments: ["json", "text"])
    func accessLog(format: String) throws {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        let path = folder("access.log")
        let gateway = try Gateway([
            Repository.demo, "--tls", certificate, "--access-log=\(path)", "--log-format", format,
        ])
        let target = "/pbmc_q16/points_2d.bin"
        let size = try #require(readFile(Repository.demo + target)?.count)
        let tag = try #require(try curl(gateway).ask(target, ["-A", "test/1"])["etag"])
        let client = curl(gateway)
        _ = try client.ask(target, ["-A", "test/1", "-I"])
        _ = try client.ask(target, ["-A", "test/1", "-r", "10-19"])
        _ = try client.ask(target, ["-A", "test/1", "-H", "If-None-Match: \(tag)"])
        let missing = try client.ask("/none?secret", ["-A", "test/1"])
        _ = try curl(gateway, .http1).ask(target, ["-A", "test/1", "-r", "0-99"])
        let expected = [
            (method: "GET", path: target, version: "HTTP/2", status: 200, bytes: size),
            (method: "HEAD", path: target, version: "HTTP/2", status: 200, bytes: 0),
            (method: "GET", path: target, version: "HTTP/2", status: 206, bytes: 10),
            (method: "GET", path: target, version: "HTTP/2", status: 304, bytes: 0),
            (method: "GET", path: "/none", version: "HTTP/2", status: 404, bytes: missing.body.count),
            (method: "GET", path: target, version: "HTTP/1.1", status: 206, bytes: 100),
        ]
        let lines: [String]? = Deadline(seconds: 30).firstAnswer {
            let text = String(decoding: readFile(path) ?? [], as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            return lines.count >= expected.count && text.hasSuffix("\n") ? lines : nil
        }
        #expect(lines?.count == expected.count)
        for (line, request) in zip(lines ?? [], expected) {
            if format == "json" {
                let entry = try JSON(Array(line.utf8))
                #expect(entry["method"] == .string(request.method))
                #expect(entry["path"] == .string(request.path))
                #expect(entry["version"] == .string(request.version))
                #expect(entry["status"] == .number(Double(request.status)))
                #expect(entry["bytes"] == .number(Double(request.bytes)))
                #expect(entry["peer"] == .string("127.0.0.1"))
                #expect(entry["userAgent"] == .string("test/1"))
            } else {
                let words = "\"\(request.method) \(request.path) \(request.version)\""
                #expect(line.contains(" \(words) \(request.status) \(request.bytes) "), "\(line)")
                #expect(line.hasSuffix(" \"test/1\""))
            }
        }
    }

    @Test("The status document counts both versions apart")
    func status() throws {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        let gateway = try Gateway([Repository.demo, "--tls", certificate])
        _ = try curl(gateway).ask(["/_gateway/livez", "/none", "/_gateway/livez"])
        _ = try curl(gateway, .http1).ask(["/_gateway/livez", "/_gateway/livez"])
        let status = try JSON(curl(gateway, .http1).ask("/_gateway/status").body)
        #expect(status["requests"]?["http2"] == .number(3))
        #expect(status["requests"]?["http1"] == .number(3))
        #expect(status["connections"]?["http2"] == .number(1))
        #expect(status["connections"]?["accepted"] == .number(3))
    }
}
