import TestSupport
import Testing

/// What pages of other origins may do and read.
struct CrossOriginTests {
    private static let allowed = [
        "http://localhost", "http://localhost:3000", "https://localhost:8443", "http://127.0.0.1",
        "http://127.0.0.1:8765", "https://127.0.0.1:1", "https://www.cellucid.com", "https://cellucid.com",
        "https://cellucid.com:8443", "https://beta.cellucid.com", "https://a.b.cellucid.com:444",
    ]
    private static let refused = [
        "null", "http://[::1]", "http://[::1]:8765", "http://www.cellucid.com", "http://cellucid.com",
        "https://evil.example", "https://evilcellucid.com", "https://cellucid.com.evil.example",
        "https://www.cellucid.com.evil.example", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2", "http://evil.example:3000", "file://", "ftp://localhost", "localhost",
        "https://.cellucid.com.", "https://user@cellucid.com", "https://cellucid.com/", "http://localhost:",
        "http://localhost:80x", "http://localhost/", "chrome-extension://localhost", "", "https://",
    ]

    /// Answers of every kind.
    private static let kinds: [(method: String, target: String, fields: [String], status: Int)] = [
        ("GET", "/pbmc_q16/points_2d.bin", [], 200),
        ("GET", "/pbmc_q16/points_2d.bin", ["Range: bytes=0-1"], 206),
        ("GET", "/pbmc_q16/points_2d.bin", ["Range: bytes=0-1,5-6"], 206),
        ("GET", "/pbmc_q16/points_2d.bin", ["Range: bytes=9999999-"], 416),
        ("GET", "/pbmc_q16/points_2d.bin", ["If-None-Match: *"], 304),
        ("GET", "/pbmc_q16/points_2d.bin", ["If-Match: \"none\""], 412),
        ("GET", "/pbmc_q16/obs_manifest.json", ["Accept-Encoding: gzip"], 200),
        ("HEAD", "/pbmc_gzip/points_2d.bin.gz", [], 200),
        ("GET", "/_cellucid/health", [], 200), ("GET", "/_cellucid/datasets", [], 200),
        ("GET", "/pbmc_q16/_cellucid/info", [], 200), ("GET", "/_gateway/", [], 200),
        ("GET", "/_gateway/datasets", [], 200), ("GET", "/datasets.json", [], 200),
        ("GET", "/", [], 307), ("GET", "/pbmc_q16", [], 308), ("GET", "/nothing", [], 404),
        ("GET", "/pbmc_q16/nothing", [], 404), ("GET", "/_cellucid/nothing", [], 404),
        ("PUT", "/_cellucid/health", [], 405), ("TRACE", "/", [], 405),
        ("GET", "/", ["Host: evil.example"], 421), ("OPTIONS", "/_cellucid/events", [], 204),
        ("OPTIONS", "*", [], 204),
    ]

    @Test("Every answer has the fixed fields, and says that it depends on the origin")
    func fixedFields() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for kind in Self.kinds {
            let response = try connection.exchange(kind.method, kind.target, kind.fields)
            let name = "\(kind.method) \(kind.target) \(kind.fields)"
            #expect(response.status == kind.status, "\(name)")
            #expect(
                response.values("Access-Control-Allow-Methods") == ["GET, HEAD, POST, OPTIONS"],
                "\(name)"
            )
            let allowed = list(response["Access-Control-Allow-Headers"])
            #expect(allowed.isSuperset(of: ["content-type", "range"]), "\(name)")
            let exposed = list(response["Access-Control-Expose-Headers"])
            #expect(exposed.isSuperset(of: ["content-length", "content-range"]), "\(name)")
            #expect(list(response.values("Vary").joined(separator: ",")).contains("origin"), "\(name)")
            #expect(response.values("Cache-Control").count <= 1, "\(name)")
            #expect(response["Access-Control-Allow-Origin"] == nil, "\(name)")
            #expect(response["Access-Control-Allow-Credentials"] == nil, "\(name)")
        }
    }

    @Test("Allowed origins may read every answer", arguments: allowed)
    func allowedOrigin(origin: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for kind in Self.kinds {
            let response = try connection.exchange(
                kind.method,
                kind.target,
                kind.fields + ["Origin: \(origin)"]
            )
            #expect(response.status == kind.status, "\(kind)")
            #expect(response.values("Access-Control-Allow-Origin") == [origin], "\(kind)")
        }
    }

    @Test("Other origins get the same answers, but may not read them", arguments: refused)
    func refusedOrigin(origin: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for kind in Self.kinds {
            let response = try connection.exchange(
                kind.method,
                kind.target,
                kind.fields + ["Origin: \(origin)"]
            )
            let expected = kind.method == "PUT" ? 403 : kind.status
            #expect(response.status == expected, "\(kind)")
            #expect(response["Access-Control-Allow-Origin"] == nil, "\(kind)")
            #expect(response["Access-Control-Allow-Private-Network"] == nil, "\(kind)")
        }
    }

    @Test("Two origins are none")
    func twoOrigins() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let fields = ["Origin: http://localhost", "Origin: https://evil.example"]
        let response = try connection.exchange("GET", "/_cellucid/health", fields)
        #expect(response.status == 200)
        #expect(response["Access-Control-Allow-Origin"] == nil)
        #expect(try connection.exchange("POST", "/_cellucid/health", fields).status == 403)
    }

    @Test("A preflight says what is allowed")
    func preflight() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let asked = [
            "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type",
            "Access-Control-Request-Private-Network: true",
        ]
        for path in ["/_cellucid/events", "/pbmc_q16/points_2d.bin", "/nothing", "/"] {
            let page = "Origin: https://www.cellucid.com"
            let response = try connection.exchange("OPTIONS", path, asked + [page])
            #expect(response.status == 204)
            #expect(response["Access-Control-Allow-Origin"] == "https://www.cellucid.com")
            #expect(response["Access-Control-Allow-Private-Network"] == "true")
            #expect(response["Content-Length"] == nil)
            let unasked = try connection.exchange("OPTIONS", path, [asked[0], page])
            #expect(unasked["Access-Control-Allow-Private-Network"] == nil)
            let foreign = try connection.exchange("OPTIONS", path, asked + ["Origin: https://evil.example"])
            #expect(foreign.status == 204)
            #expect(foreign["Access-Control-Allow-Origin"] == nil)
            #expect(foreign["Access-Control-Allow-Private-Network"] == nil)
        }
    }

    @Test("Pages of other sites change nothing", arguments: ["POST", "PUT", "PATCH", "DELETE", "BREW"])
    func foreignChange(method: String) throws {
        let flags = ["--allowed-host", "cells.lab.example"]
        let gateway = try GatewayProcessUnderTest([Repository.demo] + flags)
        let connection = try gateway.connect()
        let table: [(fields: [String], status: Int)] = [
            ([], 405), (["Origin: https://www.cellucid.com"], 405), (["Origin: http://localhost:1"], 405),
            (["Origin: http://127.0.0.1:\(gateway.port)"], 405), (["Origin: null"], 403),
            (["Origin: https://evil.example"], 403), (["Origin: http://www.cellucid.com"], 403),
            (["Origin: http://cells.lab.example:80"], 403),
            (["Host: cells.lab.example:80", "Origin: http://cells.lab.example:80"], 405),
            (["Host: cells.lab.example", "Origin: https://cells.lab.example"], 405),
            (["Host: cells.lab.example:80", "Origin: http://cells.lab.example:81"], 403),
            (["Host: cells.lab.example", "Origin: http://xcells.lab.example"], 403),
        ]
        for path in ["/_cellucid/health", "/pbmc_q16/points_2d.bin", "/nothing"] {
            for entry in table {
                let response = try connection.exchange(method, path, entry.fields)
                #expect(response.status == entry.status, "\(path) \(entry.fields)")
            }
        }
    }

    @Test("A page that was opened by the IPv6 address is a page of this gateway")
    func pageOfIPv6Address() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let host = "[::1]:\(gateway.port)"
        let fields = ["Host: \(host)", "Origin: http://\(host)"]
        let response = try connection.exchange("POST", "/_cellucid/health", fields)
        #expect(response.status == 405)
        let other = ["Host: \(host)", "Origin: http://[::2]:\(gateway.port)"]
        #expect(try connection.exchange("POST", "/_cellucid/health", other).status == 403)
    }

    /// The members of a comma-separated list, in lower case.
    private func list(_ value: String?) -> Set<String> {
        Set((value ?? "").lowercased().split(separator: ",").map { String($0.drop { $0 == " " }) })
    }
}
