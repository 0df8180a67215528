import TestSupport
import Testing

/// HTTP/2 as curl speaks it, over TLS and without.
@Suite(.enabled(if: CurlClient.isAvailable && TLSCertificates.isAvailable))
struct HTTP2CurlTests {
    /// A way to reach the gateway.
    enum Transport: Sendable, CaseIterable {
        case tls
        case cleartext
    }

    private static let content = ExportFixture.noise(5_000_001)
    private static let file = "/cells/large.bin"
    /// Large enough that coding it pays.
    private static let document = ExportFixture(genes: (0..<500).map { "GENE\($0)" }).files[
        "var_manifest.json"
    ]

    private let folder = TemporaryDirectory()

    private func export(_ transport: Transport) throws -> ServedExport {
        var files = ["large.bin": Self.content, "empty.bin": []]
        files["large.json"] = Self.document
        let flags =
            switch transport {
            case .tls: ["--tls", try TLSCertificates(in: folder).make("localhost").both]
            case .cleartext: ["--h2c"]
            }
        return try ServedExport(files, arguments: flags)
    }

    private func client(
        _ transport: Transport,
        _ export: ServedExport,
        _ version: CurlClient.Version? = nil
    ) -> CurlClient {
        let scheme = transport == .tls ? "https" : "http"
        return CurlClient(
            origin: "\(scheme)://127.0.0.1:\(export.gateway.port)",
            version: version ?? (transport == .tls ? .http2 : .http2PriorKnowledge)
        )
    }

    @Test("Files come byte for byte", arguments: Transport.allCases)
    func files(transport: Transport) throws {
        let export = try export(transport)
        for (name, bytes) in export.files {
            let answer = try client(transport, export).ask(
                "/cells/\(name)",
                ["-H", "Accept-Encoding: identity"]
            )
            #expect(answer.version == "2", "\(answer.error)")
            #expect(answer.status == 200, "\(name)")
            #expect(answer.body == bytes, "\(name)")
            #expect(answer["content-length"] == "\(bytes.count)", "\(name)")
        }
    }

    @Test("HEAD, ranges, conditions and codings", arguments: Transport.allCases)
    func variants(transport: Transport) throws {
        let export = try export(transport)
        let client = client(transport, export)
        let head = try client.ask(Self.file, ["-I"])
        #expect(head.version == "2")
        #expect(head.status == 200)
        #expect(head["content-length"] == "\(Self.content.count)")
        let tag = try #require(head["etag"])

        for range in [0..<1, 16_383..<16_386, 65_535..<65_537, 100..<700_000, 5_000_000..<5_000_001] {
            let part = try client.ask(Self.file, ["-r", "\(range.lowerBound)-\(range.upperBound - 1)"])
            #expect(part.status == 206)
            #expect(part["content-length"] == "\(range.count)")
            #expect(part.body == Array(Self.content[range]), "\(range)")
        }

        let same = try client.ask(Self.file, ["-H", "If-None-Match: \(tag)"])
        #expect(same.status == 304)
        #expect(same.body.isEmpty)
        #expect(same["etag"] == tag)
        let other = try client.ask(Self.file, ["-H", "If-None-Match: \"other\"", "-r", "0-9"])
        #expect(other.status == 206)
    }

    @Test("A document that is worth it comes coded by gzip", arguments: Transport.allCases)
    func coding(transport: Transport) throws {
        let export = try export(transport)
        let answer = try client(transport, export).ask("/cells/large.json", ["-H", "Accept-Encoding: gzip"])
        #expect(answer.version == "2")
        #expect(answer.status == 200)
        #expect(answer["content-encoding"] == "gzip")
        #expect(answer.body.count < Self.document?.count ?? 0)
        #expect(try gunzip(answer.body) == Self.document)
    }

    /// Over TLS only: the curl of Debian 12 cannot use a connection again that it began by prior knowledge.
    @Test("Several requests use one connection")
    func oneConnection() throws {
        let export = try export(.tls)
        let targets = [Self.file, "/_gateway/livez", "/cells/empty.bin", "/nothing", "/_gateway/status"]
        let answers = try client(.tls, export).ask(targets)
        #expect(answers.map(\.status) == [200, 200, 200, 404, 200])
        #expect(answers.allSatisfy { $0.version == "2" })
        #expect(answers[0].body == Self.content)
        let status = try JSON(answers[4].body)
        #expect(status["connections"]?["http2"] == .number(1))
        #expect(status["requests"]?["http2"] == .number(5))
        #expect(status["requests"]?["http1"] == .number(0))
    }

    @Test("An upgrade to h2c is not taken; the request is answered by HTTP/1.1", arguments: [[], ["--h2c"]])
    func upgrade(flags: [String]) throws {
        let export = try ServedExport(arguments: flags)
        let answer = try client(.cleartext, export, .http2).ask("/cells/obs_manifest.json")
        #expect(answer.version == "1.1")
        #expect(answer.status == 200)
        #expect(answer.body == export.files["obs_manifest.json"])
    }

    // MARK: Both versions

    /// A request, by its target and curl's arguments.
    struct Request: Sendable, CustomTestStringConvertible {
        let target: String
        let arguments: [String]

        init(_ target: String, _ arguments: String...) {
            self.target = target
            self.arguments = arguments
        }

        var testDescription: String { ([target] + arguments).joined(separator: " ") }
    }

    private static let requests = [
        Request("/cells/points_2d.bin"), Request("/cells/obs_manifest.json"), Request("/cells/empty.bin"),
        Request("/cells/points_3d.bin.gz"),
        Request("/cells/points_2d.bin", "-I"), Request("/cells/nothing", "-I"),
        Request("/cells/points_2d.bin", "-r", "0-0"), Request("/cells/points_2d.bin", "-r", "-100"),
        Request("/cells/points_2d.bin", "-r", "0-9,20-29"), Request("/cells/points_2d.bin", "-r", "999999-"),
        Request("/cells/points_2d.bin", "-r", "9-5"), Request("/cells/empty.bin", "-r", "0-0"),
        Request("/cells/points_2d.bin", "-H", "If-None-Match: *"),
        Request("/cells/points_2d.bin", "-H", "If-Match: \"other\""),
        Request("/cells/points_2d.bin", "-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
        Request("/cells/obs_manifest.json", "-H", "Accept-Encoding: gzip"),
        Request("/cells/obs_manifest.json", "-H", "Accept-Encoding: identity;q=0"),
        Request("/cells/points_2d.bin", "-H", "Origin: http://localhost:3000"),
        Request("/cells/points_2d.bin", "-H", "Origin: https://evil.example"),
        Request("/cells/points_2d.bin", "-X", "OPTIONS", "-H", "Origin: https://cellucid.com"),
        Request("/"), Request("/cells"), Request("/cells?a=b"), Request("/cells/"), Request("/index.html"),
        Request("/cells/nothing"), Request("/nothing"), Request("/cells/../cells/points_2d.bin"),
        Request("/cells/%2e%2e/x"), Request("/cells/%00"), Request("/cells/%zz"), Request("/cells//x"),
        Request("/_cellucid/health"), Request("/_cellucid/info"), Request("/_cellucid/datasets"),
        Request("/cells/_cellucid/datasets"), Request("/_gateway/"), Request("/_gateway/livez?x"),
        Request("/_gateway/readyz"), Request("/_gateway/datasets"), Request("/_gateway/none"),
        Request("/datasets.json"),
        Request("/_cellucid/events", "-X", "POST"), Request("/cells/points_2d.bin", "-X", "POST"),
        Request("/_cellucid/events", "-X", "POST", "-H", "Origin: https://evil.example"),
        Request("/_cellucid/events", "-X", "POST", "-H", "Expect: 100-continue"),
        Request("/_cellucid/events", "-X", "POST", "-H", "Expect: nonsense"),
        Request("/cells/points_2d.bin", "-X", "PUT"), Request("/cells/points_2d.bin", "-X", "BREW"),
        Request("/cells/points_2d.bin", "-X", "TRACE"), Request("/cells/points_2d.bin", "-X", "get"),
        Request("/_gateway/livez", "-H", "Host: evil.example"),
        Request("/_gateway/livez", "-H", "Host: LOCALHOST:1"),
        Request("/_gateway/livez", "-H", "Cookie: a=1", "-H", "Cookie: b=2"),
    ]

    @Test("A request gets the same answer over HTTP/2 as over HTTP/1.1", arguments: Transport.allCases)
    func sameAnswers(transport: Transport) throws {
        let export = try export(transport)
        for request in Self.requests {
            let old = try client(transport, export, .http1).ask(request.target, request.arguments)
            let new = try client(transport, export).ask(request.target, request.arguments)
            #expect(old.version == "1.1", "\(request.testDescription): \(old.error)")
            #expect(new.version == "2", "\(request.testDescription): \(new.error)")
            #expect(old.status == new.status, "\(request.testDescription)")
            #expect(lasting(old) == lasting(new), "\(request.testDescription)")
            #expect(body(old) == body(new), "\(request.testDescription)")
        }
    }

    /// The fields that both versions share, in their order.
    private func lasting(_ answer: CurlClient.Answer) -> [String] {
        let fields = answer.fields.filter { !["date", "connection", "keep-alive"].contains($0.name) }
        return fields.map { "\($0.name): \(withoutBoundary($0.value, answer))" }
    }

    private func body(_ answer: CurlClient.Answer) -> [UInt8] {
        guard boundary(answer) != nil else { return answer.body }
        return Array(withoutBoundary(String(decoding: answer.body, as: UTF8.self), answer).utf8)
    }

    /// Every answer in several parts has a boundary of its own.
    private func withoutBoundary(_ text: String, _ answer: CurlClient.Answer) -> String {
        boundary(answer).map { text.replacing($0, with: "BOUNDARY") } ?? text
    }

    private func boundary(_ answer: CurlClient.Answer) -> String? {
        guard let type = answer["content-type"], let mark = type.firstRange(of: "boundary=") else {
            return nil
        }
        return String(type[mark.upperBound...])
    }
}
