import TestSupport
import Testing

/// The URL space: documents, redirects, methods and the base path.
struct RouteTests {
    // MARK: Documents

    @Test(
        "The documents have exactly the keys of the export server",
        arguments: ["", "/pbmc_q16", "/pbmc_gzip"]
    )
    func documents(mount: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        func document(_ name: String) throws -> JSON {
            let response = try connection.exchange("GET", "\(mount)/_cellucid/\(name)?v=1")
            #expect(response.status == 200, "\(name)")
            #expect(response.values("Content-Type") == ["application/json"], "\(name)")
            #expect(response["Content-Length"] == "\(response.body.count)", "\(name)")
            return try JSON(response.body)
        }
        let health = try document("health")
        #expect(health.keys == ["status", "type", "version"])
        #expect(health["status"] == .string("ok"))
        #expect(health["type"] == .string("exported"))
        let info = try document("info")
        #expect(info.keys == ["host", "mode", "port", "version"])
        #expect(info["host"] == .string("127.0.0.1"))
        #expect(info["port"] == .number(Double(gateway.port)))
        #expect(info["mode"] == .string("standalone"))
        #expect(info["version"] == health["version"])
        let datasets = try document("datasets")
        #expect(datasets.keys == ["datasets"])
        let entries = datasets["datasets"]?.elements ?? []
        for entry in entries { #expect(entry.keys == ["id", "name", "path"]) }
        let paths = entries.compactMap { $0["path"]?.text }
        #expect(paths == (mount.isEmpty ? ["/pbmc_gzip/", "/pbmc_q16/"] : ["/"]))
        let ids = entries.compactMap { $0["id"]?.text }
        #expect(ids == (mount.isEmpty ? ["pbmc_gzip", "pbmc_q16"] : [String(mount.dropFirst())]))
    }

    @Test("A lone dataset is served at the root and at its mount")
    func loneDataset() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo + "/pbmc_q16"])
        let connection = try gateway.connect()
        let points = readFile(Repository.demo + "/pbmc_q16/points_2d.bin")
        for base in ["", "/pbmc_q16"] {
            #expect(try connection.exchange("GET", "\(base)/points_2d.bin").body == points)
            let listing = try JSON(connection.exchange("GET", "\(base)/_cellucid/datasets").body)
            #expect(listing["datasets"]?.elements.compactMap { $0["path"]?.text } == ["/"])
        }
        #expect(try connection.exchange("GET", "/_cellucid/nothing").status == 404)
        #expect(try connection.exchange("GET", "/var/nothing.values.f32").status == 404)
        #expect(try connection.exchange("GET", "/_gateway/").status == 200)
    }

    @Test("Ids and names come from the identity document, mounts from the folder")
    func idsAndNames() throws {
        let root = TemporaryDirectory()
        ExportFixture(id: "Some id", name: "Zellen – µ \\\"x\\\"").write("folder_a", in: root)
        let gateway = try GatewayProcessUnderTest([root.path])
        let listing = try JSON(gateway.connect().exchange("GET", "/_cellucid/datasets").body)
        let entry = try #require(listing["datasets"]?.elements.first)
        #expect(entry["id"] == .string("Some id"))
        #expect(entry["name"] == .string("Zellen – µ \"x\""))
        #expect(entry["path"] == .string("/folder_a/"))
    }

    @Test("The catalogue of static hosting is made from the datasets")
    func staticCatalogue() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let response = try gateway.connect().exchange("GET", "/datasets.json")
        #expect(response["Content-Type"] == "application/json")
        let document = try JSON(response.body)
        #expect(document.keys == ["datasets", "default", "version"])
        #expect(document["default"] == .string("pbmc_gzip"))
        let entries = document["datasets"]?.elements ?? []
        #expect(entries.compactMap { $0["path"]?.text } == ["pbmc_gzip/", "pbmc_q16/"])
        for entry in entries { #expect(entry.keys == ["id", "n_cells", "n_genes", "name", "path"]) }
    }

    @Test("The gateway's own pages")
    func ownPages() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let page = try connection.exchange("GET", "/_gateway/")
        #expect(page.status == 200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        #expect(page.text.contains("pbmc_q16") && page.text.contains("pbmc_gzip"))
        let datasets = try JSON(connection.exchange("GET", "/_gateway/datasets").body)
        #expect(datasets["datasets"]?.elements.compactMap { $0["mount"]?.text } == ["pbmc_gzip", "pbmc_q16"])
        #expect(datasets["datasets"]?.elements.compactMap { $0["state"]?.text } == ["ready", "ready"])
        #expect(try connection.exchange("GET", "/_gateway/livez").text == "ok\n")
        #expect(try connection.exchange("GET", "/_gateway/readyz").status == 200)
        #expect(try connection.exchange("GET", "/_gateway/nothing").status == 404)
    }

    @Test("The overview shows names as text, not as markup")
    func overviewEscapes() throws {
        let root = TemporaryDirectory()
        ExportFixture(id: "x", name: "<script>alert(1)</script> & 'more'").write("x", in: root)
        let gateway = try GatewayProcessUnderTest([root.path])
        let page = try gateway.connect().exchange("GET", "/_gateway/").text
        #expect(!page.contains("<script>"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;more&#39;"))
    }

    // MARK: Methods

    @Test("Other methods are refused everywhere", arguments: ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
    func refusedMethods(method: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let targets = [
            "/", "/index.html", "/_cellucid/health", "/_cellucid/info", "/_cellucid/datasets",
            "/_cellucid/nothing", "/_gateway/", "/_gateway/datasets", "/_gateway/livez", "/_gateway",
            "/datasets.json", "/pbmc_q16", "/pbmc_q16/", "/pbmc_q16/points_2d.bin", "/pbmc_q16/nothing",
            "/pbmc_q16/_cellucid/health", "/nothing",
        ]
        for target in targets {
            let response = try connection.exchange(method, target)
            #expect(response.status == 405, "\(target)")
            #expect(response["Allow"] == "GET, HEAD, OPTIONS", "\(target)")
        }
    }

    @Test(
        "Where events and bundles are sent, POST is what is allowed",
        arguments: ["events", "session_bundle"]
    )
    func posts(name: String) throws {
        let served = try ServedExport()
        for target in ["/_cellucid/\(name)", "/cells/_cellucid/\(name)"] {
            let connection = try served.connect()
            #expect(try connection.exchange("GET", target).status == 404)
            let refused = try connection.exchange("PUT", target)
            #expect(refused.status == 405)
            #expect(refused["Allow"] == "POST, OPTIONS")
            #expect(try connection.exchange("OPTIONS", target)["Allow"] == "POST, OPTIONS")
        }
        #expect(try served.connect().exchange("OPTIONS", "/cells/")["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test("Events and session bundles find no viewer", arguments: ["", "/pbmc_q16"])
    func events(mount: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let event = #"{"type":"ready","viewerId":"v"}"#
        try connection.send(
            "POST",
            "\(mount)/_cellucid/events",
            ["Content-Length: \(event.utf8.count)", "Content-Type: application/json"]
        )
        try connection.send(event)
        let unknown = try connection.readResponse(to: "POST")
        #expect(unknown.status == 200)
        #expect(unknown["Content-Type"] == "application/json")
        #expect(String(decoding: unknown.body, as: UTF8.self) == #"{"status":"not_found","delivered":false}"#)
        let bundle = try connection.exchange(
            "POST",
            "\(mount)/_cellucid/session_bundle?viewerId=v&requestId=r",
            ["Content-Length: 0"]
        )
        #expect(bundle.status == 404)
        #expect(bundle["Content-Type"]?.hasPrefix("text/plain") == true)
        for name in ["events", "session_bundle?viewerId=v&requestId=r"] {
            #expect(try connection.exchange("GET", "\(mount)/_cellucid/\(name)").status == 404)
        }
    }

    // MARK: Redirects

    @Test(
        "Redirects",
        arguments: [
            ("/pbmc_q16", 308, "/pbmc_q16/"), ("/pbmc_q16?a=b&c=%20d", 308, "/pbmc_q16/?a=b&c=%20d"),
            ("/pbmc%5Fq16", 308, "/pbmc%5Fq16/"), ("/pbmc_q16?", 308, "/pbmc_q16/?"),
            ("/_gateway", 308, "/_gateway/"),
            ("/", 307, "/_gateway/"), ("/index.html", 307, "/_gateway/"), ("/pbmc_q16/", 307, "/_gateway/"),
            ("/pbmc_q16/index.html", 307, "/_gateway/"),
        ]
    )
    func redirects(target: String, status: Int, location: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for method in ["GET", "HEAD"] {
            let response = try connection.exchange(method, target)
            #expect(response.status == status)
            #expect(response.values("Location") == [location])
            #expect(response["Content-Length"] == "0")
        }
    }

    @Test(
        "A redirect never leads to another host",
        arguments: [
            "//evil.example", "//evil.example/..", "/%2fevil.example", "/%5cevil.example",
            "//evil.example/pbmc_q16",
            "/pbmc_q16%0d%0aLocation:%20https://evil.example", "/pbmc_q16?x=%0d%0aSet-Cookie:%20a=b",
        ]
    )
    func redirectsStayHere(target: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let response = try gateway.connect().exchange("GET", target)
        if let location = response["Location"] {
            #expect(location.hasPrefix("/") && !location.hasPrefix("//") && !location.hasPrefix("/\\"))
        }
        #expect(response.values("Location").count <= 1)
        #expect(response["Set-Cookie"] == nil)
    }

    // MARK: Base path

    @Test("Everything can be below a base path", arguments: ["/cells/", "/cells", "cells", "/a/b.c/"])
    func basePath(argument: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--base-path", argument])
        let connection = try gateway.connect()
        let base = (argument.hasPrefix("/") ? "" : "/") + argument + (argument.hasSuffix("/") ? "" : "/")
        let ok = ["_cellucid/health", "_gateway/", "pbmc_q16/points_2d.bin", "pbmc_q16/_cellucid/info"]
        for path in ok { #expect(try connection.exchange("GET", base + path).status == 200, "\(path)") }
        let redirects: [(from: String, to: String)] = [
            ("/", base), (String(base.dropLast()), base), (base, base + "_gateway/"),
            (base + "pbmc_q16?a=b", base + "pbmc_q16/?a=b"), (base + "pbmc_q16/", base + "_gateway/"),
        ]
        for redirect in redirects {
            let response = try connection.exchange("GET", redirect.from)
            #expect([307, 308].contains(response.status), "\(redirect.from)")
            #expect(response["Location"] == redirect.to, "\(redirect.from)")
        }
        for path in [
            "/_cellucid/health", "/pbmc_q16/points_2d.bin", "/cellsx/_cellucid/health", "/_gateway/",
        ] {
            #expect(try connection.exchange("GET", path).status == 404, "\(path)")
        }
        let page = try connection.exchange("GET", base + "_gateway/").text
        #expect(page.contains("href=\"\(base)pbmc_q16/"))
    }
}
