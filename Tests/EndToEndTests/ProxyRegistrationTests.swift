import Glibc
import TestSupport
import Testing

/// Servers that make themselves known while the gateway runs.
struct ProxyRegistrationTests {
    private static let ok = ScriptedUpstream.Rule(
        "/a",
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    )
    private static let keys = [
        "datasets", "expiresIn", "generation", "mount", "name", "reason", "source", "state", "url", "waiting",
    ]

    /// Sends a JSON document.
    private func send(
        _ fixture: ProxyFixture,
        _ method: String,
        _ target: String,
        _ document: String = "",
        _ fields: [String] = []
    ) throws -> RawResponse {
        let client = try fixture.connect()
        let type = ["Content-Type: application/json", "Content-Length: \(document.utf8.count)"]
        try client.send(method, target, (document.isEmpty ? [] : type) + fields)
        try client.send(document)
        return try client.readResponse(to: method)
    }

    @Test("A server comes, is renewed, changed and goes", arguments: ScriptedUpstream.Generation.allCases)
    func life(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [Self.ok], id: "notebook")
        let fixture = try ProxyFixture([:])
        #expect(try fixture.ask("/lab/a").status == 404)
        #expect(try fixture.ask("/_gateway/backends/lab").status == 404)

        let document = #"{"url": "\#(upstream.url)", "name": "My notebook", "ttl": 300}"#
        let made = try send(fixture, "PUT", "/_gateway/backends/lab", document)
        #expect(made.status == 201)
        #expect(made["Content-Type"] == "application/json")
        #expect(made.cacheDirectives == ["no-store"])
        let entry = try JSON(made.body)
        #expect(entry.keys == Self.keys)
        #expect(entry["mount"]?.text == "lab")
        #expect(entry["url"]?.text == upstream.url)
        #expect(entry["name"]?.text == "My notebook")
        #expect(entry["source"]?.text == "registered")
        guard case .number(let seconds)? = entry["expiresIn"] else {
            throw ScriptedUpstream.Failure(description: made.text)
        }
        #expect((290...300).contains(seconds))

        #expect(fixture.wait(for: 200, "/lab/a"))
        #expect(try fixture.ask("/lab").status == 308)
        #expect(try send(fixture, "PUT", "/_gateway/backends/lab", document).status == 200)
        let found = Deadline(seconds: 30).wait {
            let entry = try? JSON(fixture.ask("/_gateway/backends/lab").body)
            return entry?["generation"]?.text == generation.rawValue && entry?["state"]?.text == "healthy"
        }
        #expect(found)
        let listed = Deadline(seconds: 30).wait {
            (try? fixture.ask("/_cellucid/datasets").text.contains("\"/lab/\"")) ?? false
        }
        #expect(listed)
        let all = try JSON(fixture.ask("/_gateway/backends").body)
        #expect(all["backends"]?.elements.compactMap { $0["mount"]?.text } == ["lab"])

        // It has moved to another port.
        let other = try ScriptedUpstream(generation, [Self.ok])
        let moved = #"{"url": "\#(other.url)"}"#
        #expect(try send(fixture, "PUT", "/_gateway/backends/lab", moved).status == 200)
        let isMoved = Deadline(seconds: 30).wait {
            _ = try? fixture.ask("/lab/a")
            return !other.requests("/a").isEmpty
        }
        #expect(isMoved)
        let count = upstream.requests("/a").count
        #expect(try fixture.ask("/lab/a").text == "ok")
        #expect(upstream.requests("/a").count == count)

        #expect(try send(fixture, "DELETE", "/_gateway/backends/lab").status == 204)
        #expect(try send(fixture, "DELETE", "/_gateway/backends/lab").status == 404)
        #expect(fixture.wait(for: 404, "/lab/a"))
        #expect(!(try fixture.ask("/_cellucid/datasets").text.contains("\"/lab/\"")))
        #expect(Deadline(seconds: 30).wait { other.openCount == 0 })
    }

    @Test("A server that is not renewed is forgotten, and one that is renewed is not")
    func expiry() throws {
        let upstream = try ScriptedUpstream(.third, [Self.ok])
        let fixture = try ProxyFixture([:])
        let document = #"{"url": "\#(upstream.url)", "ttl": 5}"#
        var renewed = ContinuousClock.now
        for mount in ["kept", "lost"] {
            #expect(try send(fixture, "PUT", "/_gateway/backends/\(mount)", document).status == 201)
        }
        let isLost = Deadline(seconds: 60).wait {
            usleep(200_000)
            let begin = ContinuousClock.now
            guard let status = try? send(fixture, "PUT", "/_gateway/backends/kept", document).status else {
                return false
            }
            // Who gets no processor for so long is too late.
            #expect(status == 200 || ContinuousClock.now - renewed >= .seconds(5))
            renewed = begin
            return (try? fixture.ask("/_gateway/backends/lost"))?.status == 404
        }
        #expect(isLost)
        #expect([404, 503].contains(try fixture.ask("/lost/a").status))
        let isKept = Deadline(seconds: 30).wait {
            _ = try? send(fixture, "PUT", "/_gateway/backends/kept", document)
            return (try? fixture.ask("/kept/a"))?.text == "ok"
        }
        #expect(isKept)
        #expect(!(try fixture.ask("/_cellucid/datasets").text.contains("\"/lost/\"")))
        #expect(try send(fixture, "PUT", "/_gateway/backends/lost", document).status == 201)
    }

    /// Documents that are no registrations.
    private static let wrong = [
        "", "{", "[]", "null", "\"http://127.0.0.1:1\"", "{}", #"{"name": "x"}"#, #"{"url": 5}"#,
        #"{"url": ""}"#,
        #"{"url": "127.0.0.1:8766"}"#, #"{"url": "ftp://127.0.0.1:1"}"#, #"{"url": "http://"}"#,
        #"{"url": "http://127.0.0.1:99999"}"#, #"{"url": "http://127.0.0.1:1", "ttl": 4}"#,
        #"{"url": "http://127.0.0.1:1", "ttl": 86401}"#, #"{"url": "http://127.0.0.1:1", "ttl": "60"}"#,
        #"{"url": "http://127.0.0.1:1", "ttl": -1}"#, #"{"url": "http://127.0.0.1:1", "ttl": 60.5}"#,
        #"{"url": "http://127.0.0.1:1", "other": 1}"#, #"{"url": "http://127.0.0.1:1", "generation": "2"}"#,
        #"{"url": "http://127.0.0.1:1", "name": 5}"#, #"{"url": "http://127.0.0.1:1"} x"#,
    ]

    @Test("What is no registration is refused with a sentence", arguments: wrong)
    func refused(document: String) throws {
        let fixture = try ProxyFixture([:])
        let response = try send(fixture, "PUT", "/_gateway/backends/lab", document)
        #expect([400, 411].contains(response.status))
        #expect(response.isSentence, "\(response.text)")
        #expect(try fixture.ask("/_gateway/backends").text.contains("lab") == false)
    }

    @Test("A registration names a viewer of the configuration, or the server's own pages")
    func viewer() throws {
        let fixture = try ProxyFixture([:], arguments: ["--web-app", "g0", "--web-app", "lab"])
        func register(_ name: String) throws -> RawResponse {
            let document = #"{"url": "http://127.0.0.1:1", "webApp": "\#(name)"}"#
            return try send(fixture, "PUT", "/_gateway/backends/nb", document)
        }
        for name in ["", "other", "G0", "g0 "] {
            let response = try register(name)
            #expect(response.status == 400, "\(name)")
            #expect(response.text == "\"webApp\" is one of default, g0, lab, upstream.\n", "\(name)")
        }
        #expect(try fixture.ask("/_gateway/backends/nb").status == 404)
        for (index, name) in ["default", "g0", "lab", "upstream"].enumerated() {
            #expect(try register(name).status == (index == 0 ? 201 : 200), "\(name)")
        }
        // What was known stays when a change of it is refused.
        #expect(try register("other").status == 400)
        #expect(try fixture.ask("/_gateway/backends/nb").status == 200)
    }

    @Test(
        "What cannot be a mount is refused",
        arguments: [
            "_cellucid", "_gateway", "assets", "a%2Fb", "a%20b", ".hidden", "index.html", "a.",
            String(repeating: "a", count: 181),
        ]
    )
    func wrongMount(mount: String) throws {
        let fixture = try ProxyFixture([:])
        let response = try send(
            fixture,
            "PUT",
            "/_gateway/backends/\(mount)",
            #"{"url": "http://127.0.0.1:1"}"#
        )
        #expect([400, 404].contains(response.status))
        #expect(response.isSentence || response.status == 404)
    }

    @Test("A dataset's mount and a configured one are taken")
    func conflict() throws {
        let configured = try ScriptedUpstream(.third, [Self.ok])
        let fixture = try ProxyFixture(configured)
        let document = #"{"url": "http://127.0.0.1:1"}"#
        for mount in ["cells", "up"] {
            let response = try send(fixture, "PUT", "/_gateway/backends/\(mount)", document)
            #expect(response.status == 409)
            #expect(response.isSentence)
        }
        #expect(try send(fixture, "DELETE", "/_gateway/backends/up").status == 409)
        #expect(try fixture.ask("/up/a").text == "ok")
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        let entry = try JSON(fixture.ask("/_gateway/backends/up").body)
        #expect(entry["source"]?.text == "configured")
        #expect(entry["expiresIn"] == .null)
    }

    @Test("Other methods are refused")
    func methods() throws {
        let fixture = try ProxyFixture([:])
        for (method, target) in [
            ("POST", "/_gateway/backends/lab"), ("PATCH", "/_gateway/backends/lab"),
            ("DELETE", "/_gateway/backends"),
            ("PUT", "/_gateway/backends"),
        ] {
            let response = try send(fixture, method, target, "{}")
            #expect(response.status == 405, "\(method) \(target)")
            #expect(response["Allow"] != nil, "\(method) \(target)")
        }
    }

    // MARK: Who may

    @Test("Requests that come from elsewhere need a token that there is")
    func forwarded() throws {
        let fixture = try ProxyFixture([:])
        let document = #"{"url": "http://127.0.0.1:1"}"#
        for field in [
            "X-Forwarded-For: 203.0.113.5", "Forwarded: for=203.0.113.5", "X-Real-IP: 203.0.113.5",
            "Via: 1.1 x",
        ] {
            let response = try send(fixture, "PUT", "/_gateway/backends/lab", document, [field])
            #expect(response.status == 403, "\(field)")
            #expect(
                try fixture.connect().exchange("GET", "/_gateway/backends", [field]).status == 403,
                "\(field)"
            )
        }
    }

    @Test("With a token, everybody who has it may")
    func token() throws {
        let secrets = TemporaryDirectory()
        secrets.write("token", "correct-horse-battery\nsecond-line\n")
        let flags = ["--admin-token-file", secrets("token")]
        let document = #"{"url": "http://127.0.0.1:1"}"#
        let strict = try ProxyFixture([:], arguments: flags + ["--no-loopback-admin"])
        let table: [(fields: [String], status: Int)] = [
            ([], 401), (["Authorization: Bearer wrong"], 401), (["Authorization: Bearer "], 401),
            (["Authorization: Basic correct-horse-battery"], 401),
            (["Authorization: Bearer correct-hors"], 401),
            (["Authorization: Bearer correct-horse-batterys"], 401),
            (["Authorization: Bearer second-line"], 401),
            (["Authorization: Bearer correct-horse-battery"], 201),
            (["authorization: bearer correct-horse-battery"], 200),
            (["Authorization: Bearer correct-horse-battery", "X-Forwarded-For: 203.0.113.5"], 200),
            (["X-Forwarded-For: 203.0.113.5"], 401),
        ]
        for entry in table {
            let response = try send(strict, "PUT", "/_gateway/backends/lab", document, entry.fields)
            #expect(response.status == entry.status, "\(entry.fields)")
            if entry.status == 401 { #expect(response["WWW-Authenticate"]?.hasPrefix("Bearer") == true) }
        }
        #expect(!strict.gateway.errorText.contains("correct-horse-battery"))
        let open = try ProxyFixture([:], arguments: flags)
        #expect(try send(open, "PUT", "/_gateway/backends/lab", document).status == 201)
        #expect(
            try send(open, "GET", "/_gateway/backends", "", ["X-Forwarded-For: 203.0.113.5"]).status == 401
        )
    }

    @Test("Pages of other sites register nothing")
    func foreignPage() throws {
        let fixture = try ProxyFixture([:])
        let fields = ["Origin: https://evil.example"]
        let document = #"{"url": "http://127.0.0.1:1"}"#
        #expect(try send(fixture, "PUT", "/_gateway/backends/lab", document, fields).status == 403)
        #expect(try send(fixture, "DELETE", "/_gateway/backends/lab", "", fields).status == 403)
    }

    // MARK: Listings

    @Test("Every dataset of an upstream is listed at a mount of its own")
    func folders() throws {
        let upstream = try ScriptedUpstream(
            .first,
            [.init("/pbmc/obs_manifest.json", [.send("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\npbmc")])],
            folders: ["pbmc", "lung"]
        )
        let fixture = try ProxyFixture(upstream)
        let isListed = Deadline(seconds: 30).wait {
            (try? fixture.ask("/_cellucid/datasets").text.contains("\"/up-lung/\"")) ?? false
        }
        #expect(isListed)
        let entries = try JSON(fixture.ask("/_cellucid/datasets").body)["datasets"]?.elements ?? []
        #expect(entries.compactMap { $0["path"]?.text }.sorted() == ["/cells/", "/up-lung/", "/up-pbmc/"])
        let pbmc = try #require(entries.first { $0["path"]?.text == "/up-pbmc/" })
        #expect(pbmc["id"]?.text == "pbmc")
        #expect(pbmc["name"]?.text == "The pbmc")
        #expect(try fixture.ask("/up-pbmc/obs_manifest.json").text == "pbmc")
        #expect(try fixture.ask("/up/pbmc/obs_manifest.json").text == "pbmc")
        let own = try JSON(fixture.ask("/up/_cellucid/datasets").body)["datasets"]?.elements ?? []
        #expect(own.compactMap { $0["path"]?.text } == ["/pbmc/", "/lung/"])
        // Nobody who registers takes such a mount away.
        let document = #"{"url": "http://127.0.0.1:1"}"#
        #expect(try send(fixture, "PUT", "/_gateway/backends/up-pbmc", document).status == 409)
        #expect(try fixture.ask("/up-pbmc/obs_manifest.json").text == "pbmc")
        for status in [201, 200] {
            #expect(try send(fixture, "PUT", "/_gateway/backends/up-liver", document).status == status)
        }
    }

    @Test(
        "A listing of nonsense harms nobody",
        arguments: [
            "nonsense", "[]", #"{"datasets": 5}"#,
            #"{"datasets": [{"id": 5}, null, {"id": "a", "path": "/../", "name": "x"}]}"#,
            #"{"datasets": [{"id": "a", "path": "//evil.example/", "name": "x"}]}"#,
            #"{"datasets": [{"id": "a", "path": "/a/b/", "name": "<script>"}]}"#,
        ]
    )
    func wrongListing(document: String) throws {
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(document.utf8.count)\r\n\r\n"
        let upstream = try ScriptedUpstream(
            .third,
            [.init("/_cellucid/datasets", [.send(answer + document)]), Self.ok]
        )
        let fixture = try ProxyFixture(upstream, waits: false)
        #expect(try fixture.ask("/up/a").text == "ok")
        #expect(upstream.waitForRequest("/_cellucid/datasets") != nil)
        for _ in 0..<20 {
            let listing = try fixture.ask("/_cellucid/datasets")
            #expect(listing.status == 200)
            let entries = try JSON(listing.body)["datasets"]?.elements ?? []
            #expect(entries.contains { $0["path"]?.text == "/cells/" })
            for path in entries.compactMap({ $0["path"]?.text }) {
                #expect(path.wholeMatch(of: /\/[A-Za-z0-9][A-Za-z0-9._-]*\//) != nil, "\(path)")
            }
        }
    }
}
