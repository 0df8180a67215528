import Glibc
import TestSupport
import Testing

/// The options of the web app.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppOptionTests {
    @Test("Without a web app nothing is fetched or kept, and the overview takes its place")
    func noWebApp() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin, arguments: ["--no-web-app"])
        for target in ["/", "/index.html", "/pbmc_q16/"] {
            let answer = try app.get(target)
            #expect(answer.status == 307)
            #expect(answer["Location"] == "/_gateway/")
        }
        #expect(try app.get("/_gateway/").status == 200)
        #expect(try app.get("/assets/js/app/main.js").status == 404)
        #expect(try app.get("/pbmc_q16/assets/js/app/main.js").status == 404)
        #expect(try JSON(app.get("/_gateway/web-app").body)["apps"] == .array([]))
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        app.gateway.send(signal: SIGHUP)
        #expect(app.gateway.waitForErrorText("reloaded"))
        #expect(origin.requests.isEmpty)
        #expect(!Repository.names(in: app.cache).contains("web-app"))
        try app.stop()
    }

    @Test("The Python package's cache folder is used, in a folder of the gateway's own")
    func pythonCache() throws {
        let folder = TemporaryDirectory()
        folder.write("python/index.html", "kept")
        folder.write("python/assets/js/app/main.js", "kept")
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(
            origin,
            namesCache: false,
            environment: ["CELLUCID_WEB_PROXY_CACHE_DIR": folder("python")]
        )
        let id = try app.waitForBuild()
        #expect(Repository.names(in: folder("python/cellucid-gateway/default/builds")) == [id])
        #expect(Repository.names(in: folder("python")) == ["assets", "cellucid-gateway", "index.html"])
        #expect(readFile(folder("python/index.html")) == Array("kept".utf8))
        #expect(readFile(folder("python/assets/js/app/main.js")) == Array("kept".utf8))
        #expect(try !app.get("/").text.contains("kept"))
        try app.stop()
        origin.stop()
        try app.start()
        #expect(try app.get("/").status == 200)
    }

    @Test("A cache folder on the command line comes before the Python package's")
    func cacheFolderFlag() throws {
        let folder = TemporaryDirectory()
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin, environment: ["CELLUCID_WEB_PROXY_CACHE_DIR": folder("python")])
        let id = try app.waitForBuild()
        #expect(Repository.names(in: app.store + "/builds") == [id])
        #expect(Repository.names(in: folder.path).isEmpty)
    }

    @Test("A dataset can have a web app of its own")
    func severalApps() throws {
        let origin = try WebAppOrigin()
        let older = try WebAppOrigin()
        older.publish("fixture-0")
        let app = try ServedWebApp(
            origin,
            arguments: ["--web-app", "g0=\(older.url)", "--dataset-web-app", "pbmc_q16=g0"]
        )
        let id = try app.waitForBuild()
        let olderID = try app.waitForBuild("fixture-0", "g0")
        #expect(id != olderID)
        #expect(try app.status("g0")["origin"]?.text == older.url)
        func expectBoth() throws {
            for (prefix, build, id, other) in [
                ("/", WebAppFixture.first, id, olderID), ("/pbmc_gzip/", WebAppFixture.first, id, olderID),
                ("/pbmc_q16/", "fixture-0", olderID, id),
            ] {
                let page = try app.get(prefix)
                #expect(page.status == 200)
                #expect(page.text.contains("content=\"\(build)\""))
                #expect(page.text.contains("src=\"@\(id)/assets/"))
                try app.expectFiles(of: build, at: prefix)
                try app.expectFiles(of: build, at: "\(prefix)@\(id)/")
                #expect(try app.get("\(prefix)@\(other)/assets/js/app/main.js").status == 404)
            }
        }
        try expectBoth()
        let names = Repository.names(in: app.cache + "/web-app")
        #expect(names == ["default", "g0"])
        // A new build of one is none of the other.
        origin.publish("fixture-2")
        try app.update(to: "fixture-2")
        #expect(try app.build("g0") == "fixture-0")
        origin.publish(WebAppFixture.first)
        #expect(try app.update(to: WebAppFixture.first) == id)
        // On demand each asks its own origin.
        let summer = WebAppFixture.onDemand[0]
        #expect(try app.get("/pbmc_q16/\(summer)").body == WebAppFixture.files("fixture-0")[summer])
        #expect(origin.count("/\(summer)") == 0)
        try app.stop()
        older.stop()
        try app.start()
        #expect(try app.waitForCheck("g0").contains("cannot connect"))
        #expect(try app.status("g0")["state"]?.text == "stale")
        #expect(try app.waitForCheck().isEmpty)
        #expect(try app.status()["state"]?.text == "ready")
        try expectBoth()
    }

    @Test("A web app without an origin waits for an import, and costs the others nothing")
    func onlyImported() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(
            origin,
            arguments: ["--web-app", "old", "--dataset-web-app", "pbmc_q16=old"]
        )
        try app.waitForBuild()
        let saysSo = try Deadline(seconds: 30).wait {
            try app.get("/pbmc_q16/").text.contains("No build of the viewer old has been imported")
        }
        #expect(saysSo)
        #expect(try app.get("/pbmc_q16/").status == 503)
        #expect(try app.get("/pbmc_q16/assets/js/app/main.js").status == 503)
        #expect(try app.status("old")["origin"] == .null)
        #expect(try app.get("/").status == 200)
    }

    @Test("Below a base path everything is where the page expects it")
    func basePath() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin, arguments: ["--base-path", "/cells/"])
        let id: String? = try Deadline(seconds: 90).firstAnswer {
            let document = try JSON(app.get("/cells/_gateway/web-app").body)
            return document["apps"]?.elements.first?["build"]?["id"]?.text
        }
        let build = try #require(id)
        let page = try app.get("/cells/")
        #expect(page.status == 200)
        #expect(page.text.contains("src=\"@\(build)/assets/js/app/main.js\""))
        try app.expectFiles(of: WebAppFixture.first, at: "/cells/@\(build)/")
        try app.expectFiles(of: WebAppFixture.first, at: "/cells/pbmc_q16/@\(build)/")
        #expect(try app.get("/@\(build)/assets/js/app/main.js").status == 404)
    }

    @Test("The demo data can be always there or never", arguments: ["on", "off"])
    func demoData(word: String) throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin, arguments: ["--web-app-demo-data", word])
        try app.waitForBuild()
        let shown = "name=\"cellucid-exports-base-url\" content=\"https://example.org/exports/\""
        #expect(try app.get("/").text.contains(shown) == (word == "on"))
        try app.stop()
        origin.stop()
        try app.start()
        #expect(try app.get("/").text.contains(shown) == (word == "on"))
        try app.waitForCheck()
        #expect(try app.get("/").text.contains(shown) == (word == "on"))
    }

    @Test(
        "Options that make no sense are refused",
        arguments: [
            (["--web-app-origin", "localhost"], "--web-app-origin"),
            (["--web-app-origin", "https://localhost/path"], "--web-app-origin"),
            (["--web-app-origin", "ftp://localhost"], "--web-app-origin"),
            (["--web-app-ca", "/none.pem"], "--web-app-ca"),
            (["--web-app-ca", "/etc/hostname"], "--web-app-ca"),
            (["--web-app", "../x=https://localhost"], "--web-app"),
            (["--web-app", "default=https://localhost"], "--web-app"),
            (["--web-app", "a=b"], "--web-app"),
            (["--web-app-check-hours", "0"], "--web-app-check-hours"),
            (["--web-app-demo-data", "maybe"], "--web-app-demo-data"),
            (["--dataset-web-app", "pbmc_q16=none"], "none"),
        ]
    )
    func refused(arguments: [String], name: String) throws {
        let result = try GatewayProcessUnderTest.run(
            [Repository.demo, "--port", "0", "--web-app-origin", "https://localhost:1"] + arguments,
            hasWebApp: true
        )
        #expect(result.ending == .exit(2) || result.ending == .exit(1))
        #expect(result.error.contains(name))
    }
}
