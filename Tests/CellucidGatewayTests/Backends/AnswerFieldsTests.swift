import HTTP
import Testing

@testable import CellucidGateway

/// What of a backend's answer goes to the client.
@Suite struct AnswerFieldsTests {
    private func copy(
        _ fields: [String],
        to line: String = "GET /cells/lab/a.bin",
        with requestFields: [String] = [],
        status: Int = 200,
        url: String = "http://127.0.0.1:8766",
        path: String = "/",
        basePath: String = "/cells/"
    ) throws -> ExchangeFixture {
        let backend = try BackendFixture.backend("lab", url: url, paths: [path])
        let view = BackendView([backend])
        let mount = try #require(view.entries.first?.mount)
        let bytes = Array(mount.utf8)
        let mounted = try #require(view.backend(at: bytes, 0..<bytes.count))
        let fixture = try ExchangeFixture(line, requestFields)
        let head = try BackendFixture.head(status, fields)
        AnswerFields(head, mounted, basePath: Array(basePath.utf8)).copy(to: fixture.exchange)
        #expect(fixture.status == UInt16(status))
        return fixture
    }

    // MARK: Which fields

    @Test(
        arguments: [
            ["Content-Type: application/octet-stream"],
            ["ETag: \"a-b\"", "last-modified: Sun, 06 Nov 1994 08:49:37 GMT"],
            ["Accept-Ranges: bytes"], ["Content-Range: bytes 0-1/5"], ["Set-Cookie: a=1", "Set-Cookie: b=2"],
            ["Content-Disposition: attachment; filename=\"é\""], ["X-Empty:"],
            ["WWW-Authenticate: Basic realm=x"],
            ["Retry-After: 5"], ["Content-Security-Policy: default-src 'none'"], ["X-A: 1", "X-A: 2"],
            ["Age: 3"],
        ]
    )
    func kept(fields: [String]) throws {
        let fixture = try copy(fields)
        let expected = fields.map { $0.hasSuffix(":") ? $0 + " " : $0 }
        #expect(Array(fixture.lines.prefix(fields.count)) == expected)
    }

    @Test(
        arguments: [
            ["Date: Sun, 06 Nov 1994 08:49:37 GMT"], ["Server: BaseHTTP/0.6 Python/3.12"],
            ["Content-Length: 5"],
            ["Transfer-Encoding: chunked"], ["Connection: keep-alive", "Keep-Alive: timeout=5"],
            ["Connection: close"],
            ["Connection: x-a, x-b", "X-A: 1", "X-B: 2"], ["Upgrade: h2c"], ["Trailer: X"],
            ["Proxy-Authenticate: Basic"],
            ["Access-Control-Allow-Origin: *"], ["access-control-allow-credentials: true"],
            ["Access-Control-Allow-Methods: DELETE"], ["Access-Control-Max-Age: 1"],
            ["Access-Control-Allow-Private-Network: true"], ["Proxy-Connection: close"],
        ]
    )
    func dropped(fields: [String]) throws {
        let without = try copy(["X-Before: 1", "X-After: 2"]).lines
        #expect(try copy(["X-Before: 1"] + fields + ["X-After: 2"]).lines == without)
    }

    /// The URL of a page can have a viewer's secret.
    @Test(
        arguments: [
            (["Content-Type: text/html; charset=utf-8"], ["same-origin"]),
            (["content-type: Text/HTML"], ["same-origin"]), (["Content-Type: text/plain"], []), ([], []),
            (["Content-Type: text/html", "referrer-policy: no-referrer"], ["no-referrer"]),
            (["Referrer-Policy: no-referrer", "Content-Type: text/html"], ["no-referrer"]),
        ] as [([String], [String])]
    )
    func pagesKeepTheirURLs(fields: [String], expected: [String]) throws {
        #expect(try copy(fields).values("Referrer-Policy") == expected)
    }

    /// The gateway decides which pages may read the answer.
    @Test(
        arguments: [
            ([], []), (["Origin: http://localhost:8000"], ["http://localhost:8000"]),
            (["Origin: https://www.cellucid.com"], ["https://www.cellucid.com"]),
            (["Origin: https://evil.example"], []),
        ] as [([String], [String])]
    )
    func origins(request: [String], expected: [String]) throws {
        let fixture = try copy(["Access-Control-Allow-Origin: *"], with: request)
        #expect(fixture.values("Access-Control-Allow-Origin") == expected)
        #expect(fixture.values("Access-Control-Expose-Headers").count == 1)
    }

    @Test(
        arguments: [
            ([], ["Origin"]), (["Vary: Origin"], ["Origin"]), (["vary: ORIGIN"], ["Origin"]),
            (["Vary: Accept"], ["Accept", "Origin"]),
            (["Vary: Accept, Origin"], ["Accept, Origin", "Origin"]),
            (["Content-Encoding: gzip"], ["Accept-Encoding", "Origin"]),
            (["Content-Encoding: gzip", "Vary: accept-encoding"], ["accept-encoding", "Origin"]),
            (["Vary: Accept-Encoding", "Content-Encoding: br"], ["Accept-Encoding", "Origin"]),
            (["Vary: Origin", "Content-Encoding: gzip"], ["Accept-Encoding", "Origin"]),
            (["Vary: *"], ["*", "Origin"]),
        ]
    )
    func vary(fields: [String], expected: [String]) throws {
        let fixture = try copy(fields)
        #expect(fixture.values("Vary") == expected)
        #expect(
            fixture.values("Content-Encoding").count
                == (fields.contains { $0.hasPrefix("Content-E") } ? 1 : 0)
        )
    }

    // MARK: Keeping

    @Test(
        arguments: [
            ("GET /lab/a.bin", 200, ["max-age=3600"]), ("HEAD /lab/a.bin", 200, ["max-age=3600"]),
            ("GET /lab/a.bin", 304, ["max-age=3600"]), ("GET /lab/a.json.gz", 200, ["max-age=3600"]),
            ("GET /lab/a.bin?x=.json", 200, ["max-age=3600"]),
            ("GET /lab/obs_manifest.json", 200, ["no-cache"]),
            ("GET /lab/x.json?v=1", 200, ["no-cache"]), ("GET /lab/obs.json", 304, ["no-cache"]),
            ("GET /lab/", 200, ["no-cache"]), ("GET /lab/a/", 301, ["no-cache"]),
            ("GET /lab/a.bin", 404, ["no-store"]),
            ("GET /lab/obs.json", 500, ["no-store"]), ("POST /lab/a.bin", 200, ["no-store"]),
            ("DELETE /lab/a.bin", 204, ["no-store"]), ("GET /lab/_cellucid/health", 200, ["no-store"]),
            ("GET /lab/_cellucid/datasets", 200, ["no-store"]),
            ("GET /lab/_cellucid/anndata/t1.h5ad", 206, ["max-age=3600"]),
            ("GET /lab/_cellucid/anndata/t1.h5ad", 416, ["no-store"]),
        ] as [(String, Int, [String])]
    )
    func cacheControl(line: String, status: Int, expected: [String]) throws {
        let given = try copy(["Cache-Control: max-age=3600"], to: line, status: status)
        #expect(given.values("Cache-Control") == expected)
        let silent = try copy([], to: line, status: status)
        #expect(silent.values("Cache-Control") == (expected == ["max-age=3600"] ? [] : expected))
    }

    // MARK: Redirects

    private static let elsewhere = [
        "http://127.0.0.1:87661/x", "http://127.0.0.1:8766.evil.example/",
        "http://127.0.0.1:8766@evil.example/",
        "https://127.0.0.1:8766/x", "http://127.0.0.1/x", "http://other:8766/x", "//other/x",
        "//127.0.0.1:87661/x",
        "sub/", "../x", "?q", "#f", "", "mailto:x@y",
    ]

    @Test(
        arguments: [
            ("/dir/", "/cells/lab/dir/"), ("/", "/cells/lab/"),
            ("/a%20b/?x=%2F#f", "/cells/lab/a%20b/?x=%2F#f"),
            ("http://127.0.0.1:8766/dir/", "/cells/lab/dir/"), ("http://127.0.0.1:8766/", "/cells/lab/"),
            ("http://127.0.0.1:8766", "/cells/lab/"), ("http://127.0.0.1:8766?a=b", "/cells/lab/?a=b"),
            ("//127.0.0.1:8766/dir/", "/cells/lab/dir/"), ("//127.0.0.1:8766", "/cells/lab/"),
        ] + elsewhere.map { ($0, $0) }
    )
    func location(given: String, expected: String) throws {
        #expect(try copy(["Location: \(given)"], status: 301).values("Location") == [expected])
    }

    /// Below the mount of one dataset the folder's name is left out; the rest is at the server's own mount.
    @Test(
        arguments: [
            ("/kid%20ney/dir/", "/lab-kid_20ney/dir/"), ("/kid%20ney/", "/lab-kid_20ney/"),
            ("http://127.0.0.1:8766/kid%20ney/x?y", "/lab-kid_20ney/x?y"), ("/other/x", "/lab/other/x"),
            ("/kid%20ney", "/lab/kid%20ney"), ("/", "/lab/"), ("/kid%20neyx/", "/lab/kid%20neyx/"),
            ("//other/kid%20ney/", "//other/kid%20ney/"),
        ]
    )
    func locationOfOneDataset(given: String, expected: String) throws {
        let fixture = try copy(["Location: \(given)"], status: 302, path: "/kid%20ney/", basePath: "/")
        #expect(fixture.values("Location") == [expected])
    }

    @Test(
        arguments: [
            ("https://Example.org", "https://example.org/x", "/cells/lab/x"),
            ("https://example.org", "http://example.org/x", "http://example.org/x"),
            ("http://[::1]:8766", "http://[::1]:8766/x", "/cells/lab/x"),
            ("unix:/run/lab.sock", "http://localhost/x", "/cells/lab/x"),
            ("unix:/run/lab.sock", "http://localhost:8765/x", "http://localhost:8765/x"),
        ]
    )
    func locationOfOtherOrigins(url: String, given: String, expected: String) throws {
        #expect(try copy(["Location: \(given)"], status: 308, url: url).values("Location") == [expected])
    }

    /// A path that a browser would take for another host's must not come of one that is the server's own.
    @Test(arguments: ["http://127.0.0.1:8766//evil.example/x", "//127.0.0.1:8766//evil.example/x"])
    func noOtherHostByAccident(given: String) throws {
        let location = try #require(try copy(["Location: \(given)"], status: 301).values("Location").first)
        #expect(location == "/cells/lab//evil.example/x")
    }
}
