import Glibc
import TestSupport
import Testing

/// Answers of upstreams as clients get them: parts, validators, codings, and fields for caches and other origins.
struct ProxyAnswerTests {
    /// A request to an upstream that serves byte ranges, with what it answers.
    private static let conditional: [(fields: [String], answer: String)] = [
        (
            ["Range: bytes=2-5", "If-Range: \"v1\""],
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\nETag: \"v1\"\r\n\r\n2345"
        ),
        (
            ["Range: bytes=20-"],
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n"
        ),
        (
            ["If-None-Match: \"v1\", W/\"v2\""],
            "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n"
        ),
        (
            ["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"],
            "HTTP/1.1 304 Not Modified\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
        ),
        (["If-Match: \"v0\""], "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"),
        (
            ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"],
            "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"
        ),
    ]

    @Test("Ranges and conditions are the upstream's to judge", arguments: conditional)
    func conditions(fields: [String], answer: String) throws {
        let upstream = try ScriptedUpstream(.third, [.init("/points_2d.bin", [.send(answer)])])
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        for _ in 0..<2 {
            let response = try client.exchange("GET", "/up/points_2d.bin", fields)
            #expect(response.statusLine.hasPrefix(answer.prefix(12)))
            #expect(answer.hasSuffix("\r\n\r\n" + response.text))
            for name in ["Content-Range", "ETag", "Last-Modified"] where answer.contains("\(name): ") {
                #expect(response.values(name).allSatisfy { answer.contains("\(name): \($0)\r\n") }, "\(name)")
                #expect(response.values(name).count == 1, "\(name)")
            }
        }
        let request = try #require(upstream.requests("/points_2d.bin").first)
        for field in fields { #expect(request.head.lowercased().contains(field.lowercased() + "\r\n")) }
    }

    @Test("HEAD has the fields and no body")
    func head() throws {
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init("/a", [.send("HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\nETag: \"v\"\r\n\r\n")]),
                .init("/b", [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]),
                .init("/c", [.send("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n")]),
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        for _ in 0..<2 {
            let response = try client.exchange("HEAD", "/up/a")
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "123456789")
            #expect(response["ETag"] == "\"v\"")
            #expect(try client.exchange("HEAD", "/up/b").status == 200)
            #expect(try client.exchange("HEAD", "/up/c").status == 404)
        }
        #expect(upstream.requests("/a").allSatisfy { ["HEAD", "GET"].contains($0.method) })
    }

    @Test(
        "Bodies of every framing arrive whole",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", "HTTP/1.0 200 OK\r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world",
            "HTTP/1.0 200 OK\r\nContent-Length: 11\r\nConnection: keep-alive\r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n00b;x=y\r\nhello world\r\n000\r\nX-Sum: 1\r\n\r\n",
            "HTTP/1.1 200\r\nContent-Length: 11\r\n\r\nhello world",
            "HTTP/1.1 500 Oh\r\nContent-Length: 11\r\n\r\nhello world",
        ]
    )
    func framing(answer: String) throws {
        let rule = ScriptedUpstream.Rule("/a", [.send(answer), .close])
        for generation in [ScriptedUpstream.Generation.first, .third] {
            let upstream = try ScriptedUpstream(generation, [rule])
            let fixture = try ProxyFixture(upstream)
            let client = try fixture.connect()
            for _ in 0..<3 {
                let response = try client.exchange("GET", "/up/a")
                #expect(response.text == "hello world")
                #expect(response.statusLine.dropFirst(9).prefix(3) == answer.dropFirst(9).prefix(3))
            }
        }
    }

    @Test(
        "An empty body of every framing ends",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        ]
    )
    func empty(answer: String) throws {
        let upstream = try ScriptedUpstream(.third, [.init("/a", [.send(answer), .close])])
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        for _ in 0..<3 { #expect(try client.exchange("GET", "/up/a").body.isEmpty) }
    }

    @Test("Codings are the upstream's: nothing is coded or decoded on the way")
    func codings() throws {
        let zipped = "\u{1f}\u{8b}\u{8}\u{0}\u{0}\u{ff}\u{0a}\u{0d}\u{80}zip"
        let plain = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init(
                    "/points_3d.bin.gz",
                    [
                        .send(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\nContent-Length: 12\r\n\r\n\(zipped)"
                        )
                    ]
                ),
                .init(
                    "/var/g.values.f32",
                    [
                        .send(
                            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\(zipped)"
                        )
                    ]
                ),
                .init("/large.json", [.send(plain), .fill(5000)]),
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let bytes = zipped.unicodeScalars.map { UInt8($0.value) }
        let client = try fixture.connect()
        for coding in [["Accept-Encoding: gzip, br"], []] {
            let file = try client.exchange("GET", "/up/points_3d.bin.gz", coding)
            #expect(file.body == bytes)
            #expect(file["Content-Encoding"] == nil)
            #expect(file["Content-Type"] == "application/gzip")
            let gene = try client.exchange("GET", "/up/var/g.values.f32", coding)
            #expect(gene.body == bytes)
            #expect(gene.values("Content-Encoding") == ["gzip"])
            #expect(gene.variesBy.contains("accept-encoding"))
            #expect(try client.exchange("GET", "/up/large.json", coding).body.count == 5000)
        }
    }

    @Test(
        "Every byte of a large body arrives, as often as it is asked for",
        arguments: [262_143, 262_144, 5_000_001]
    )
    func largeBody(size: Int) throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"
        let upstream = try ScriptedUpstream(.third, [.init("/large.bin", [.send(head), .fill(size)])])
        let fixture = try ProxyFixture(upstream)
        let expected = (0..<size).map { UInt8($0 % 65_536 == 7 ? $0 / 65_536 : 0) }
        let clients = try [fixture.connect(), fixture.connect(receiveBuffer: 4096)]
        for _ in 0..<3 {
            for client in clients { try client.send("GET", "/up/large.bin") }
            for client in clients { #expect(try client.readResponse().body == expected) }
        }
        #expect(try clients[0].exchange("GET", "/cells/points_2d.bin").status == 200)
    }

    // MARK: Other origins

    @Test("Pages of allowed origins read every answer, by the gateway's fields and no others")
    func crossOrigin() throws {
        let allowing = """
            HTTP/1.1 200 OK\r
            Content-Length: 2\r
            Access-Control-Allow-Origin: *\r
            Access-Control-Allow-Credentials: true\r
            Access-Control-Allow-Methods: PATCH\r
            Access-Control-Expose-Headers: X-Custom\r
            Vary: Accept-Encoding\r
            \r
            ok
            """
        let upstream = try ScriptedUpstream(
            .third,
            [.init("/a", [.send(allowing)]), .init("/gone", [.close])]
        )
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        let table = [
            ("http://localhost:3000", true), ("https://www.cellucid.com", true),
            ("https://evil.example", false),
        ]
        for (origin, isAllowed) in table {
            for target in ["/up/a", "/up/nothing", "/up/_cellucid/health", "/up/gone"] {
                let response = try client.exchange("GET", target, ["Origin: \(origin)"])
                let name = "\(origin) \(target)"
                #expect(
                    response.values("Access-Control-Allow-Origin") == (isAllowed ? [origin] : []),
                    "\(name)"
                )
                #expect(
                    response.values("Access-Control-Allow-Methods") == ["GET, HEAD, POST, OPTIONS"],
                    "\(name)"
                )
                #expect(response.values("Access-Control-Allow-Credentials").isEmpty, "\(name)")
                #expect(response.variesBy.contains("origin"), "\(name)")
                if target == "/up/a" { #expect(response.variesBy.contains("accept-encoding"), "\(name)") }
            }
        }
    }

    @Test("Preflights are the gateway's")
    func preflight() throws {
        let upstream = try ScriptedUpstream(.third)
        let fixture = try ProxyFixture(upstream)
        for path in ["/up/_cellucid/events", "/up/a"] {
            let response = try fixture.connect().exchange(
                "OPTIONS",
                path,
                ["Origin: https://www.cellucid.com", "Access-Control-Request-Method: POST"]
            )
            #expect(response.status == 204)
            #expect(response["Access-Control-Allow-Origin"] == "https://www.cellucid.com")
        }
        #expect(upstream.requests.allSatisfy { $0.method != "OPTIONS" })
    }

    @Test(
        "Pages of other sites change nothing, and the upstream hears nothing of it",
        arguments: ["POST", "PUT", "DELETE"]
    )
    func foreignChange(method: String) throws {
        let upstream = try ScriptedUpstream(.third)
        let fixture = try ProxyFixture(upstream)
        let fields = ["Origin: https://evil.example", "Content-Length: 0"]
        #expect(try fixture.connect().exchange(method, "/up/echo", fields).status == 403)
        #expect(upstream.requests.allSatisfy { $0.method == "GET" })
    }

    @Test("A foreign Host reaches no upstream")
    func foreignHost() throws {
        let upstream = try ScriptedUpstream(.first)
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/secret", ["Host: evil.example"]).status == 421)
        #expect(upstream.requests("/secret").isEmpty)
    }

    // MARK: Caches

    @Test("No cache keeps what changes", arguments: ScriptedUpstream.Generation.allCases)
    func caching(generation: ScriptedUpstream.Generation) throws {
        func answer(_ status: Int) -> [ScriptedUpstream.Step] {
            [
                .send(
                    "HTTP/1.1 \(status) X\r\nContent-Length: 2\r\nCache-Control: public, max-age=3600\r\n\r\nok"
                )
            ]
        }
        let upstream = try ScriptedUpstream(
            generation,
            [
                .init("/points_2d.bin", answer(200)), .init("/obs_manifest.json", answer(200)),
                .init("/dataset_identity.json", answer(200)), .init("/missing", answer(404)),
                .init("/broken", answer(500)), .init("/busy", answer(503)),
                .init("/_cellucid/info", answer(200)), .init("/_cellucid/events", answer(200)),
            ]
        )
        let fixture = try ProxyFixture(upstream)
        for path in ["health", "info", "datasets", "protocol"] {
            let response = try fixture.ask("/up/_cellucid/\(path)")
            #expect(response.cacheDirectives == ["no-store"], "\(path)")
        }
        for path in ["missing", "broken", "busy"] {
            #expect(try fixture.ask("/up/\(path)").cacheDirectives == ["no-store"], "\(path)")
        }
        #expect(
            try fixture.post("/up/_cellucid/events", #"{"viewerId":"v"}"#).cacheDirectives == ["no-store"]
        )
        for path in ["obs_manifest.json", "dataset_identity.json"] {
            #expect(try fixture.ask("/up/\(path)").cacheDirectives == ["no-cache"], "\(path)")
        }
        #expect(try fixture.ask("/up/points_2d.bin").values("Cache-Control").count == 1)
    }

    @Test(
        "Documents of an upstream are its own, key for key",
        arguments: ScriptedUpstream.Generation.allCases
    )
    func documents(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, id: "seven")
        let fixture = try ProxyFixture(upstream)
        for path in ["health", "info", "datasets", "protocol"] {
            let direct = try RawConnection(port: upstream.port)
            try direct.send("GET /_cellucid/\(path) HTTP/1.1\r\nHost: \(upstream.authority)\r\n")
            try direct.send("Connection: close\r\n\r\n")
            // The older ones say HTTP/1.0, which is no `RawResponse`: the body is all that is compared.
            if generation == .third { direct.finishSending() }
            let all = String(decoding: try direct.readToEnd(), as: UTF8.self)
            let response = try fixture.ask("/up/_cellucid/\(path)")
            #expect(all.hasSuffix("\r\n\r\n" + response.text), "\(path)")
            #expect(response.status == (generation == .first && path == "protocol" ? 404 : 200), "\(path)")
            if response.status == 200 { #expect(response["Content-Type"] == "application/json", "\(path)") }
        }
    }

    @Test("Events at a mount are answered by the upstream")
    func events() throws {
        for generation in [ScriptedUpstream.Generation.first, .second] {
            let upstream = try ScriptedUpstream(generation)
            let fixture = try ProxyFixture(upstream)
            let event = #"{"type":"hover","viewerId":"v1","viewerToken":"t","cell":5,"position":null}"#
            let response = try fixture.post("/up/_cellucid/events", event, ["Content-Type: application/json"])
            #expect(response.status == 200)
            #expect(response.text == #"{"status": "ok", "delivered": true}"#)
            let request = try #require(upstream.requests("/_cellucid/events").first)
            #expect(request.body?.text == event)
            #expect(request.body?.framing == "length")
            #expect(request.values("content-type") == ["application/json"])
        }
    }
}
