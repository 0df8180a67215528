import TestSupport
import Testing
import Transport

@testable import Upstream

/// Who is believed to be the origin, and what an answer is worth that anybody may have cut short.
@Suite(.enabled(if: UpstreamCertificates.isAvailable))
struct UpstreamTLSTests {
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    private static let trusting = UpstreamHarness.Options.with {
        $0.trust = .only(path: UpstreamCertificates.authority)
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func trustedOrigin(host: String) async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send(Self.answer)]],
            tls: UpstreamCertificates.server(UpstreamCertificates.good)
        )
        let response = try await UpstreamHarness().get(origin.url("https", host: host), "/", Self.trusting)
        #expect(response.text == "hello")
    }

    @Test(
        arguments: [
            (UpstreamCertificates.good, "system", "unable to get local issuer certificate"),
            (UpstreamCertificates.lonely, "authority", "self-signed certificate"),
            (UpstreamCertificates.expired, "authority", "certificate has expired"),
            (UpstreamCertificates.other, "authority", "hostname mismatch"),
        ]
    )
    func untrustedOrigin(certificate: String, trust: String, reason: String) async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send(Self.answer)]],
            tls: UpstreamCertificates.server(certificate)
        )
        let options = UpstreamHarness.Options.with {
            $0.trust = trust == "system" ? .system : .only(path: UpstreamCertificates.authority)
            $0.settings.retry.attempts = 3
        }
        let error = try await UpstreamHarness().failure(origin.url("https", host: "localhost"), "/", options)
        #expect(error?.cause == .certificate(reason))
        #expect(error?.mayRetry == false)
        #expect(origin.requests.isEmpty)
    }

    @Test func wrongAddress() async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send(Self.answer)]],
            tls: UpstreamCertificates.server(UpstreamCertificates.other)
        )
        let error = try await UpstreamHarness().failure(origin.url("https"), "/", Self.trusting)
        #expect(error?.cause == .certificate("IP address mismatch"))
    }

    @Test func plainHTTPWhereTLSIsExpected() async throws {
        let origin = try ScriptedOrigin([[.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .waitForEnd]])
        let error = try await UpstreamHarness().failure(origin.url("https"), "/", Self.trusting)
        #expect(error?.cause == .plainHTTP)
    }

    @Test func handshakeThatNeverAnswers() async throws {
        let origin = try ScriptedOrigin([[.waitForEnd]])
        let options = UpstreamHarness.Options.with {
            $0.trust = .only(path: UpstreamCertificates.authority)
            $0.timeouts.tlsMilliseconds = 50
        }
        let error = try await UpstreamHarness().failure(origin.url("https"), "/", options)
        #expect(error?.cause == .timedOut(.tls))
    }

    /// A body that ends with the connection is whole only when TLS says that it has ended.
    @Test(arguments: [true, false])
    func endOfTheConnection(isOrderly: Bool) async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send("HTTP/1.1 200 OK\r\n\r\nhello"), isOrderly ? .close : .closeWithoutAlert]],
            tls: UpstreamCertificates.server(UpstreamCertificates.good)
        )
        let url = origin.url("https")
        if isOrderly {
            #expect(try await UpstreamHarness().get(url, "/", Self.trusting).text == "hello")
        } else {
            let error = try await UpstreamHarness().failure(url, "/", Self.trusting)
            #expect(error?.cause == .truncated(received: 5))
        }
    }

    @Test func largeBody() async throws {
        let size = 3_000_000
        let origin = try ScriptedOrigin(
            [[.request, .send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"), .fill(size)]],
            tls: UpstreamCertificates.server(UpstreamCertificates.good)
        )
        let response = try await UpstreamHarness().get(origin.url("https"), "/", Self.trusting)
        #expect(response.body.count == size && response.body.allSatisfy { $0 == 0x78 })
    }

    /// A server that shares none of our code.
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func otherImplementation(version: String) async throws {
        let folder = TemporaryDirectory()
        let page = String(repeating: "line\n", count: 20_000)
        folder.write("page.html", page)
        let server = try ChildProcess(
            "openssl",
            ["s_server", "-accept", "127.0.0.1:0", "-cert", UpstreamCertificates.good, "-WWW", version],
            directory: folder.path,
            output: folder("output"),
            error: folder("error")
        )
        let port = Deadline(seconds: 60).firstAnswer { () -> Substring? in
            let text = String(decoding: readFile(folder("output")) ?? [], as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT 127.0.0.1:") }
            return line?.dropFirst("ACCEPT 127.0.0.1:".count)
        }
        let origin = "https://localhost:\(try #require(port))"
        let response = try await UpstreamHarness().get(origin, "/page.html", Self.trusting)
        #expect(response.text == page)
        server.kill()
    }
}
