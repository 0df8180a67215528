import Glibc
import TestSupport
import Testing

/// What of a request reaches an upstream, and what of its answer the client.
struct ProxyFieldTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// An upstream that answers everything below `/files/` in the same way.
    private func upstream(_ answer: String = ok) throws -> ScriptedUpstream {
        try ScriptedUpstream(.third, [.init("/files/*", [.send(answer)])])
    }

    // MARK: Requests

    @Test("Fields for the connection stay at the gateway, all others pass")
    func requestFields() throws {
        let upstream = try upstream()
        let fixture = try ProxyFixture(upstream)
        let hopByHop = [
            "Connection: keep-alive, X-Private", "X-Private: 1", "connection: X-Other", "X-Other: 2",
            "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "Upgrade: h2c",
            "Expect: 100-continue",
        ]
        let endToEnd = [
            "Accept: application/json", "Accept-Language: en", "Range: bytes=0-9", "If-Range: \"x\"",
            "X-Custom: a  b", "X-Custom: c", "User-Agent: tests/1.0", "X-Empty:",
        ]
        let response = try fixture.ask("/up/files/a", hopByHop + endToEnd)
        #expect(response.status == 200)
        let request = try #require(upstream.requests("/files/a").first)
        #expect(request.version == "HTTP/1.1")
        #expect(request.values("host") == [upstream.authority])
        for name in ["x-private", "x-other", "proxy-connection", "te", "upgrade", "expect"] {
            #expect(request.values(name).isEmpty, "\(name)")
        }
        #expect(
            request.values("connection").allSatisfy { ["keep-alive", "close"].contains($0.lowercased()) }
        )
        #expect(request.values("accept") == ["application/json"])
        #expect(request.values("accept-language") == ["en"])
        #expect(request.values("range") == ["bytes=0-9"])
        #expect(request.values("if-range") == ["\"x\""])
        #expect(request.values("x-custom").joined(separator: ", ") == "a  b, c")
        #expect(request.values("user-agent") == ["tests/1.0"])
        #expect(request.values("transfer-encoding").isEmpty)
    }

    @Test("An older server gets HTTP/1.1 with Connection: close and a Host of its own")
    func requestToSerial() throws {
        for generation in [ScriptedUpstream.Generation.first, .second] {
            let upstream = try ScriptedUpstream(generation, [.init("/files/*", [.send(Self.ok)])])
            let fixture = try ProxyFixture(upstream)
            #expect(try fixture.ask("/up/files/a", ["Connection: keep-alive"]).text == "ok")
            let request = try #require(upstream.requests("/files/a").first)
            #expect(request.values("host") == [upstream.authority])
            #expect(request.values("connection").map { $0.lowercased() } == ["close"])
            #expect(request.values("keep-alive").isEmpty)
        }
    }

    @Test("A field that Connection names is never Host or Content-Length")
    func namedFields() throws {
        let upstream = try upstream()
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        let named = "Connection: host, content-length, content-type, transfer-encoding"
        try client.send("POST", "/up/files/a", [named, "Content-Length: 4", "Content-Type: text/x"])
        try client.send("body")
        let status = try client.readResponse().status
        #expect([200, 400].contains(status))
        for request in upstream.requests("/files/a") {
            #expect(request.values("host") == [upstream.authority])
            #expect(request.body?.length == 4)
        }
    }

    private static let targets = [
        "/files/a", "/files/a%20b", "/files/a%2Fb", "/files/a%2fb", "/files/%41", "/files/%e2%82%ac",
        "/files/a;b=c", "/files/a+b", "/files/~a_b-c.d", "/files/(a)!*'@:$&,=", "/files/", "/files/a/",
        "/files/a?", "/files/a?b=c", "/files/a?b=%20&&c=+?/%2f", "/files/a?viewerId=x&viewerToken=y",
        "/files/obs/n%20counts.values.f32", "/files/a.gz?b",
    ]

    @Test("The mount is taken off, and all else of the target stays as it is", arguments: targets)
    func target(target: String) throws {
        let upstream = try upstream()
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up" + target).text == "ok")
        #expect(upstream.requests.map(\.target).contains(target))
    }

    @Test(
        "No path leads out of the mount",
        arguments: [
            "/up/../cells/dataset_identity.json", "/up/%2e%2e/cells/dataset_identity.json",
            "/up/files/../../x",
            "/up/..%2fcells/dataset_identity.json", "/cells/../up/files/a",
        ]
    )
    func dotSegments(target: String) throws {
        let upstream = try upstream()
        let fixture = try ProxyFixture(upstream)
        _ = try fixture.ask(target)
        #expect(
            upstream.requests.allSatisfy {
                !$0.target.contains("..") && !$0.target.lowercased().contains("%2e")
            }
        )
        #expect(upstream.requests.allSatisfy { $0.target.hasPrefix("/") })
    }

    @Test("A mount without its slash is led to it, with the query")
    func mountWithoutSlash() throws {
        let fixture = try ProxyFixture(try upstream())
        let response = try fixture.ask("/up?jupyter=true&viewerId=x")
        #expect(response.status == 308)
        #expect(response["Location"] == "/up/?jupyter=true&viewerId=x")
    }

    @Test(
        "Requests that can be read in two ways reach nobody",
        arguments: [
            ["Content-Length: 5", "Transfer-Encoding: chunked"], ["Content-Length: 5", "Content-Length: 6"],
            ["Content-Length: 5, 6"], ["Content-Length: +5"], ["Content-Length: 0x5"], ["Content-Length : 5"],
            ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, identity"],
            ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], ["Transfer-Encoding : chunked"],
            ["Transfer-Encoding: \u{b}chunked"], ["X: a\nTransfer-Encoding: chunked"],
            ["X: a\rContent-Length: 5"],
            ["Host: a", "Host: b"], [" Content-Length: 5"],
        ]
    )
    func smuggling(fields: [String]) throws {
        let upstream = try upstream()
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        try client.send("POST", "/up/files/a", fields)
        try client.send("0\r\n\r\nGET /up/files/smuggled HTTP/1.1\r\nHost: \(upstream.authority)\r\n\r\n")
        let response = try client.readResponse()
        #expect(response.status >= 400)
        #expect(try client.endsWithoutMore())
        #expect(try fixture.ask("/up/files/b").text == "ok")
        #expect(upstream.requests.allSatisfy { $0.method == "GET" })
        #expect(upstream.requests("/files/smuggled").isEmpty)
    }

    @Test("A body in chunks is sent anew, without its extensions and trailers")
    func chunkedRequest() throws {
        for generation in ScriptedUpstream.Generation.allCases {
            let upstream = try ScriptedUpstream(generation)
            let fixture = try ProxyFixture(upstream)
            let client = try fixture.connect()
            try client.send("POST", "/up/echo", ["Transfer-Encoding: chunked", "Trailer: X-Sum"])
            try client.send("3;a=b\r\nabc\r\n0000004\r\ndefg\r\n0\r\nX-Sum: 1\r\nContent-Length: 3\r\n\r\n")
            #expect(try client.readResponse().text == "abcdefg")
            let request = try #require(upstream.requests("/echo").first)
            #expect(request.body?.text == "abcdefg")
            #expect(request.values("content-length") == (request.body?.framing == "length" ? ["7"] : []))
            // HTTP/1.0 has no chunks.
            if generation != .third { #expect(request.body?.framing == "length") }
            #expect(try client.exchange("GET", "/cells/points_2d.bin").status == 200)
        }
    }

    @Test(
        "A body whose chunks are broken never arrives whole",
        arguments: ["zz\r\n", "5\r\nhelloworld\r\n", "-1\r\n"]
    )
    func brokenChunks(chunk: String) throws {
        for generation in ScriptedUpstream.Generation.allCases {
            let upstream = try ScriptedUpstream(generation)
            let fixture = try ProxyFixture(upstream)
            let client = try fixture.connect()
            try client.send("POST", "/up/echo", ["Transfer-Encoding: chunked"])
            try client.send("3\r\nabc\r\n" + chunk)
            let bytes = try client.readToEndOrReset()
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 4") || bytes.isEmpty)
            #expect(try fixture.ask("/up/_cellucid/info").status == 200)
            #expect(upstream.requests("/echo").allSatisfy { $0.body == nil })
        }
    }

    // MARK: Answers

    @Test("Fields for the connection stay at the gateway, all others pass, in their order")
    func responseFields() throws {
        let upstream = try upstream(
            """
            HTTP/1.1 203 Whatever It Says\r
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r
            Server: Scripted/1.0\r
            Connection: keep-alive, X-Private\r
            X-Private: 1\r
            Keep-Alive: timeout=5, max=100\r
            Proxy-Connection: keep-alive\r
            Upgrade: h2c\r
            Trailer: X-Sum\r
            Set-Cookie: a=1; Path=/\r
            Set-Cookie: b=2\r
            Set-Cookie: c=3, d\r
            ETag: "e-1"\r
            Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r
            Content-Type: application/x-something\r
            Content-Encoding: gzip\r
            Accept-Ranges: bytes\r
            X-Custom: a\r
            X-Custom: b\r
            X-Latin: caf\u{e9}\r
            Transfer-Encoding: chunked\r
            \r
            5;extension="x"\r
            hello\r
            0\r
            X-Sum: 1\r
            \r

            """
        )
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        for _ in 0..<2 {
            let response = try client.exchange("GET", "/up/files/a")
            #expect(response.status == 203)
            #expect(response.text == "hello")
            for name in ["x-private", "proxy-connection", "upgrade", "trailer", "x-sum"] {
                #expect(response.values(name).isEmpty, "\(name)")
            }
            #expect(response.values("keep-alive") != ["timeout=5, max=100"])
            #expect(response.values("set-cookie") == ["a=1; Path=/", "b=2", "c=3, d"])
            #expect(response.values("etag") == ["\"e-1\""])
            #expect(response.values("last-modified") == ["Sun, 06 Nov 1994 08:49:37 GMT"])
            #expect(response.values("content-type") == ["application/x-something"])
            #expect(response.values("content-encoding") == ["gzip"])
            #expect(response.values("accept-ranges") == ["bytes"])
            #expect(response.values("x-custom") == ["a", "b"])
            #expect(response.values("date").count == 1)
            #expect(response.values("server").count <= 1)
            #expect(response.values("content-length").count + response.values("transfer-encoding").count == 1)
        }
    }

    /// What an upstream says where to go (`@` stands for its own address), and what clients hear.
    private static let locations: [(said: String, heard: String)] = [
        ("/dir/", "/up/dir/"), ("/dir/?a=b%20c#d", "/up/dir/?a=b%20c#d"), ("/", "/up/"), ("dir/", "dir/"),
        ("../x", "../x"), ("?a=b", "?a=b"), ("http://@/dir/", "/up/dir/"), ("http://@", "/up/"),
        ("http://@?a", "/up/?a"), ("http://@0/dir/", "http://@0/dir/"), ("//@/dir/", "/up/dir/"),
        ("http://@.evil.example/", "http://@.evil.example/"),
        ("https://elsewhere.example/dir/", "https://elsewhere.example/dir/"),
        ("//elsewhere.example/dir/", "//elsewhere.example/dir/"),
    ]

    @Test("Where an upstream leads to is below its mount", arguments: locations)
    func location(said: String, heard: String) throws {
        let upstream = try ScriptedUpstream(.third)
        let said = named(said, upstream)
        let heard = named(heard, upstream)
        let answer = "HTTP/1.1 301 Moved\r\nLocation: \(said)\r\nContent-Length: 0\r\n\r\n"
        upstream.behave([.init("/dir", [.send(answer)])])
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        let response = try client.exchange("GET", "/up/dir")
        #expect(response.status == 301)
        let locations = response.values("location")
        // The same with the gateway's own address is right too.
        let absolute = "http://127.0.0.1:\(fixture.gateway.port)\(heard)"
        #expect(locations == [heard] || heard.hasPrefix("/up/") && locations == [absolute])
    }

    /// A location with the upstream's authority in the place of `@`.
    private func named(_ location: String, _ upstream: ScriptedUpstream) -> String {
        location.split(separator: "@", omittingEmptySubsequences: false).joined(separator: upstream.authority)
    }

    // MARK: Continuing

    @Test("Who waits for 100 gets it from the gateway, and the upstream hears nothing of it")
    func expectContinue() throws {
        for generation in ScriptedUpstream.Generation.allCases {
            let upstream = try ScriptedUpstream(generation)
            let fixture = try ProxyFixture(upstream)
            let client = try fixture.connect()
            try client.send("POST", "/up/echo", ["Content-Length: 4", "Expect: 100-continue"])
            #expect(try client.readResponse().status == 100)
            try client.send("body")
            #expect(try client.readResponse().text == "body")
            let request = try #require(upstream.requests("/echo").first)
            #expect(request.values("expect").isEmpty)
        }
    }

    @Test("A session bundle's token and the viewer's are in no log")
    func secretsInLog() throws {
        let upstream = try ScriptedUpstream(.second)
        let fixture = try ProxyFixture(upstream, arguments: ["--log-level", "debug", "--access-log"])
        let target = "/up/_cellucid/session_bundle?viewerId=v1&requestId=r1&viewerToken=s3cr3t"
        #expect(try fixture.post(target, "x", ["Content-Type: application/octet-stream"]).status == 200)
        upstream.stop()
        #expect(try fixture.ask("/up/files/a?viewerToken=s3cr3t").status >= 500)
        #expect(fixture.gateway.waitForErrorText("/up/files/a"))
        #expect(!fixture.gateway.errorText.contains("s3cr3t"))
    }
}
