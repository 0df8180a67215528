import Glibc
import TestSupport
import Testing

/// HTTP/2 as the clients of nghttp2 speak it: nghttp, which tells each frame, and h2load.
struct HTTP2ToolTests {
    /// A way to reach the gateway.
    enum Transport: Sendable, CaseIterable {
        case tls
        case cleartext
    }

    private static func isThere(_ program: String) -> Bool {
        if (try? ChildProcess.run(program, ["--version"]))?.ending == .exit(0), TLSCertificates.isAvailable {
            return true
        }
        print("skipped: the HTTP/2 tests with \(program) need that program, and openssl")
        return false
    }

    private static let hasNghttp = isThere("nghttp")
    private static let hasH2load = isThere("h2load")

    private static let content = ExportFixture.noise(3_000_001)
    private static let page = """
        <!DOCTYPE html><html><head><link rel="stylesheet" href="page.css"><script src="page.js"></script></head>
        <body><img src="large.bin"></body></html>
        """

    private let folder = TemporaryDirectory()

    private func export(_ transport: Transport) throws -> ServedExport {
        let files = [
            "large.bin": Self.content, "empty.bin": [], "page.html": Array(Self.page.utf8),
            "page.css": Array("body { color: black }".utf8), "page.js": Array("let one = 1".utf8),
        ]
        let flags =
            switch transport {
            case .tls: ["--tls", try TLSCertificates(in: folder).make("localhost").both]
            case .cleartext: ["--h2c"]
            }
        return try ServedExport(files, arguments: flags)
    }

    /// The URL of a target.
    private func url(_ target: String, _ export: ServedExport, _ transport: Transport) -> String {
        "\(transport == .tls ? "https" : "http")://127.0.0.1:\(export.gateway.port)\(target)"
    }

    // MARK: nghttp

    /// nghttp writes the head and the body of a small request at once.
    @Test(
        "A request's body arrives whole with nghttp",
        .enabled(if: hasNghttp),
        arguments: [Transport.tls, .cleartext]
    )
    func body(transport: Transport) throws {
        let export = try export(transport)
        folder.write("event.json", "{\"viewerId\":\"nobody\"}")
        for target in ["/_cellucid/events", "/cells/_cellucid/events"] {
            let arguments = ["-d", folder("event.json"), url(target, export, transport)]
            let result = try ChildProcess.run("nghttp", arguments)
            #expect(String(decoding: result.output, as: UTF8.self).contains("\"not_found\""))
        }
    }

    /// What nghttp tells of one connection.
    private struct Conversation {
        let text: String

        init(_ arguments: [String]) throws {
            let result = try ChildProcess.run("nghttp", ["-nvy"] + arguments)
            text = String(decoding: result.output, as: UTF8.self) + result.error
        }

        init(text: String) { self.text = text }

        /// The statuses of the answers, by stream.
        var statuses: [Int: Int] {
            let fields = text.matches(of: /recv \(stream_id=(\d+)\) :status: (\d+)/)
            return Dictionary(fields.map { (Int($0.output.1) ?? 0, Int($0.output.2) ?? 0) }) { $1 }
        }

        /// The bytes of DATA received, by stream.
        var bodyBytes: [Int: Int] {
            let frames = text.matches(of: /recv DATA frame <length=(\d+), flags=0x0., stream_id=(\d+)>/)
            return Dictionary(
                frames.map { (Int($0.output.2) ?? 0, Int($0.output.1) ?? 0) },
                uniquingKeysWith: +
            )
        }

        /// Streams whose answer was received whole.
        var ended: Set<Int> {
            let frames = text.matches(
                of: /recv (?:DATA|HEADERS) frame <length=\d+, flags=0x.[1357], stream_id=(\d+)>/
            )
            return Set(frames.compactMap { Int($0.output.1) })
        }

        /// How many frames of a type were received.
        func received(_ type: String) -> Int { text.ranges(of: "recv \(type) frame").count }
    }

    private static let files = ["obs_manifest.json", "large.bin", "points_2d.bin", "empty.bin"]

    @Test(
        "Several requests on one connection, with priorities of both kinds, padding and small windows",
        .enabled(if: hasNghttp),
        arguments: Transport.allCases,
        [
            [], ["--no-rfc7540-pri", "-H", "priority: u=1, i"],
            ["-p", "256", "-p", "1", "-p", "100", "-p", "16"],
            ["--no-dep"], ["-w", "14", "-W", "15"], ["-w", "30", "-W", "30"], ["--padding", "200"],
            ["--continuation"], ["-c", "0", "--encoder-header-table-size", "0"], ["-c", "100", "-c", "4096"],
        ]
    )
    func requests(transport: Transport, flags: [String]) throws {
        let export = try export(transport)
        let talk = try Conversation(
            flags + ["-H", "accept-encoding: identity"]
                + Self.files.map { url("/cells/\($0)", export, transport) }
        )
        #expect(talk.statuses.count == Self.files.count, "\(talk.text)")
        #expect(talk.statuses.values.allSatisfy { $0 == 200 })
        #expect(talk.ended == Set(talk.statuses.keys))
        let sizes = talk.statuses.keys.sorted().map { talk.bodyBytes[$0] ?? 0 }
        #expect(sizes == Self.files.map { export.files[$0]?.count })
        #expect(talk.received("RST_STREAM") == 0)
        #expect(talk.received("GOAWAY") == 0)
        let status = try JSON(status(of: export, transport))
        #expect(status["requests"]?["http2"] == .number(Double(Self.files.count)))
        #expect(status["connections"]?["http2"] == .number(1))
        #expect(status["http2Limits"]?["streamErrors"] == .number(0))
    }

    @Test(
        "A page's assets follow on the same connection",
        .enabled(if: hasNghttp),
        arguments: Transport.allCases
    )
    func assets(transport: Transport) throws {
        let export = try export(transport)
        let talk = try Conversation(["-a", url("/cells/page.html", export, transport)])
        #expect(talk.statuses.count == 4, "\(talk.text)")
        #expect(talk.statuses.values.allSatisfy { $0 == 200 })
        #expect(talk.ended.count == 4)
        #expect(talk.bodyBytes.values.max() == Self.content.count)
    }

    @Test("A hundred streams at once", .enabled(if: hasNghttp), arguments: Transport.allCases)
    func manyStreams(transport: Transport) throws {
        let export = try export(transport)
        let talk = try Conversation([
            "-m", "100", "-H", "accept-encoding: identity", url("/cells/points_2d.bin", export, transport),
        ])
        #expect(talk.statuses.count == 100)
        #expect(talk.statuses.values.allSatisfy { $0 == 200 })
        let size = try #require(export.files["points_2d.bin"]?.count)
        #expect(talk.bodyBytes.values.allSatisfy { $0 == size })
    }

    /// Sizes of bodies with the limits of the stream's window and of a frame among them.
    @Test(
        "Bodies of requests that no route takes are refused, however large",
        .enabled(if: hasNghttp),
        arguments: Transport.allCases,
        [0, 1, 16_384, 70_000, 262_144, 3_000_000]
    )
    func uploads(transport: Transport, size: Int) throws {
        let export = try export(transport)
        folder.write("upload", ExportFixture.noise(size))
        for flags in [[], ["--expect-continue"], ["--trailer", "x-trailer: 1"], ["--no-content-length"]] {
            let targets = ["/cells/points_2d.bin", "/_cellucid/health", "/nothing"]
            let talk = try Conversation(
                flags + ["-d", folder("upload")] + targets.map { url($0, export, transport) }
            )
            let statuses = talk.statuses.keys.sorted().map { talk.statuses[$0] ?? 0 }
            #expect(statuses == [405, 405, 405], "\(talk.text)")
            #expect(talk.ended.count == 3)
            #expect(talk.received("GOAWAY") == 0)
        }
    }

    @Test(
        "A stop lets nghttp's downloads finish and tells it by GOAWAY",
        .enabled(if: hasNghttp),
        arguments: Transport.allCases
    )
    func stop(transport: Transport) throws {
        // When this gets no processor for a moment, the downloads are over before the stop; but that is not so each time.
        let found = try Deadline(seconds: 120).firstAnswer { try talkWithStop(transport) }
        let talk = try #require(found)
        #expect(talk.statuses.values.sorted() == [200, 200])
        #expect(talk.bodyBytes.values.allSatisfy { $0 == Self.content.count })
    }

    /// Two downloads with a stop of the gateway in their middle; `nil` when the client was not told of it.
    private func talkWithStop(_ transport: Transport) throws -> Conversation? {
        let export = try export(transport)
        let files = TemporaryDirectory()
        let client = try ChildProcess(
            "nghttp",
            [
                "-nvy", "-w", "14", "-W", "14", url("/cells/large.bin", export, transport),
                url("/cells/large.bin?again", export, transport),
            ],
            directory: "/",
            output: files("output"),
            error: files("error")
        )
        func conversation() -> Conversation {
            Conversation(text: String(decoding: readFile(files("output")) ?? [], as: UTF8.self))
        }
        // Much more than the windows and the sockets hold is left when the client is halted.
        let begins = Deadline(seconds: 30).wait { conversation().received("DATA") > 0 || client.hasEnded }
        client.send(signal: SIGSTOP)
        #expect(begins)
        export.gateway.send(signal: SIGTERM)
        #expect(export.gateway.waitForErrorText("to finish"))
        client.send(signal: SIGCONT)
        #expect(client.waitForEnd(seconds: 60) == .exit(0))
        #expect(export.gateway.waitForEnd() == .exit(0))
        let talk = conversation()
        return talk.received("GOAWAY") > 0 ? talk : nil
    }

    // MARK: h2load

    @Test(
        "Thousands of requests on four connections, none of them fails",
        .enabled(if: hasH2load),
        arguments: Transport.allCases,
        [
            (file: "obs/cluster.codes.u8", count: 4_000, arguments: ["-m", "100"]),
            (file: "obs/cluster.codes.u8", count: 2_000, arguments: ["-m", "1"]),
            (file: "large.bin", count: 40, arguments: ["-m", "10"]),
            (file: "large.bin", count: 20, arguments: ["-m", "10", "-w", "16", "-W", "17"]),
            (file: "points_2d.bin", count: 2_000, arguments: ["-m", "128", "-w", "10"]),
        ]
    )
    func load(transport: Transport, sample: (file: String, count: Int, arguments: [String])) throws {
        let export = try export(transport)
        let size = try #require(export.files[sample.file]?.count)
        let result = try ChildProcess.run(
            "h2load",
            ["-n", "\(sample.count)", "-c", "4"] + sample.arguments + [
                url("/cells/\(sample.file)", export, transport)
            ]
        )
        let report = String(decoding: result.output, as: UTF8.self)
        let count = sample.count
        #expect(
            report.contains("\(count) done, \(count) succeeded, 0 failed, 0 errored, 0 timeout"),
            "\(report)\(result.error)"
        )
        #expect(report.contains("status codes: \(count) 2xx, 0 3xx, 0 4xx, 0 5xx"))
        #expect(report.contains("(\(count * size)) data"), "\(report)")
        let status = try JSON(status(of: export, transport))
        #expect(status["requests"]?["http2"] == .number(Double(count)))
        #expect(status["connections"]?["http2"] == .number(4))
    }

    /// The status document, asked for by HTTP/1.1.
    private func status(of export: ServedExport, _ transport: Transport) throws -> [UInt8] {
        switch transport {
        case .tls: try TLSClient(port: export.gateway.port).get("/_gateway/status", ["--http1.1"]).body
        case .cleartext: try export.connect().exchange("GET", "/_gateway/status").body
        }
    }
}
