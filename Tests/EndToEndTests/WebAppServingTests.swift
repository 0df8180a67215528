import TestSupport
import Testing

/// The web app as browsers get it: at the first start, at later ones, and without its origin.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppServingTests {
    // MARK: Starts

    @Test("The first start serves a page that waits, and then the web app", arguments: [false, true])
    func coldStart(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        origin.pause()
        let app = try ServedWebApp(origin)
        let page = try app.get("/")
        #expect(page.status == 503)
        #expect(page["Content-Type"]?.hasPrefix("text/html") == true)
        #expect(page["Retry-After"] != nil)
        #expect(
            page["Cache-Control"]?.contains("no-store") == true
                || page["Cache-Control"]?.contains("no-cache") == true
        )
        #expect(page.text.contains("fetching"))
        #expect(page.text.contains(origin.url))
        #expect(page.text.contains("pbmc_q16/"))
        let asset = try app.get("/assets/js/app/main.js")
        #expect(asset.status == 503)
        #expect(asset["Content-Type"]?.hasPrefix("text/plain") == true)
        // Datasets need no web app.
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        #expect(try app.get("/_cellucid/datasets").status == 200)
        origin.resume()
        try app.waitForBuild()
        #expect(try app.get("/").status == 200)
        #expect(try app.status()["state"]?.text == "ready")
        #expect(try app.status()["origin"]?.text == origin.url)
        try app.expectFiles(of: WebAppFixture.first, except: hasInventory ? [] : WebAppFixture.onDemand)
        let agents = Set(origin.requests.map { $0.fields["user-agent"] ?? "" })
        #expect(agents.count == 1 && agents.first?.hasPrefix("cellucid-gateway/") == true)
    }

    @Test(
        "A later start serves the build that is there at once and fetches no file again",
        arguments: [false, true]
    )
    func warmStart(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let page = try app.get("/").body
        try app.stop()
        let known = origin.requests.count
        origin.pause()
        try app.start()
        let again = try app.get("/")
        #expect(again.status == 200)
        #expect(again.body == page)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        origin.resume()
        let error = try app.waitForCheck()
        #expect(error.isEmpty)
        #expect(origin.paths(after: known) == ["/cellucid-web-assets.json", "/index.html"])
        #expect(try app.waitForBuild() == id)
    }

    @Test("Without its origin a build that is there is served, with one warning and without the demo data")
    func offlineWithBuild() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let demo = #"<meta name="cellucid-exports-base-url" content="https://example.org/exports/">"#
        #expect(try app.get("/").text.contains(demo))
        try app.stop()
        origin.stop()
        try app.start()
        #expect(try app.get("/").status == 200)
        let error = try app.waitForCheck()
        #expect(error.contains("localhost:\(origin.port)") && error.contains("cannot connect"))
        #expect(try app.status()["state"]?.text == "stale")
        let blank = #"<meta name="cellucid-exports-base-url" content="">"#
        let isBlank = try Deadline(seconds: 30).wait { try app.get("/").text.contains(blank) }
        #expect(isBlank)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        // A file that is not in the build is not a file that does not exist.
        let missing = try app.get("/assets/js/rendering/palettes/summer.js")
        #expect(missing.status == 503)
        #expect(missing["Content-Type"]?.hasPrefix("text/plain") == true)
        _ = try app.check()
        #expect(app.logCount("may be stale") == 1)
        #expect(app.logCount(" warning: ") == 1, "\(app.gateway.errorText)")
        try origin.start()
        #expect(try app.check().isEmpty)
        #expect(app.gateway.errorText.contains("can be reached again"))
        #expect(try Deadline(seconds: 30).wait { try app.get("/").text.contains(demo) })
        #expect(try app.status()["state"]?.text == "ready")
    }

    @Test("Without its origin and without a build a page says so and links to the datasets")
    func offlineWithoutBuild() throws {
        let origin = try WebAppOrigin()
        origin.stop()
        let app = try ServedWebApp(origin)
        let error = try app.waitForCheck()
        #expect(error.contains("localhost:\(origin.port)") && error.contains("cannot connect"))
        #expect(try app.status()["state"]?.text == "missing")
        for target in ["/", "/index.html", "/pbmc_q16/"] {
            let saysSo = try Deadline(seconds: 30).wait { try app.get(target).text.contains("not available") }
            #expect(saysSo)
            let page = try app.get(target)
            #expect(page.status == 503)
            #expect(page["Content-Type"]?.hasPrefix("text/html") == true)
            #expect(page.text.contains("localhost:\(origin.port)") && page.text.contains("cannot connect"))
            #expect(page.text.contains("HTTPS_PROXY"))
            #expect(page.text.contains("href=\"/pbmc_q16/"))
        }
        for target in ["/assets/js/app/main.js", "/pbmc_q16/assets/css/main.css", "/favicon.ico"] {
            let asset = try app.get(target)
            #expect(asset.status == 503)
            #expect(asset["Content-Type"]?.hasPrefix("text/plain") == true)
            #expect(asset.text.contains("cannot connect"))
        }
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        #expect(try app.get("/_gateway/").status == 200)
        #expect(app.logCount(" warning: ") == 1, "\(app.gateway.errorText)")
        try origin.start()
        #expect(try app.check().isEmpty)
        try app.waitForBuild()
        #expect(try Deadline(seconds: 30).wait { try app.get("/").status == 200 })
    }

    // MARK: Answers

    @Test("Every file has its bytes, its type and its validators, with and without the build in its URL")
    func files() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let connection = try app.gateway.connect()
        for (path, content) in WebAppFixture.files() where path != "index.html" {
            var tags: Set<String> = []
            for (prefix, caching) in [
                ("/@\(id)/", "immutable"), ("/", "no-cache"), ("/pbmc_q16/@\(id)/", "immutable"),
            ] {
                let answer = try connection.exchange("GET", prefix + path)
                #expect(answer.status == 200, "\(prefix)\(path)")
                #expect(answer.body == content, "\(prefix)\(path)")
                let type = try #require(answer["Content-Type"])
                #expect(type.split(separator: ";").first.map(String.init) == WebAppFixture.mediaType(path))
                let cacheControl = try #require(answer["Cache-Control"])
                #expect(cacheControl.contains(caching), "\(prefix)\(path): \(cacheControl)")
                #expect(cacheControl.contains("max-age=31536000") == (caching == "immutable"))
                #expect(answer["X-Content-Type-Options"] == "nosniff")
                let tag = try #require(answer["ETag"])
                #expect(tag.hasPrefix("\""))
                tags.insert(tag)
                let known = try connection.exchange("GET", prefix + path, ["If-None-Match: \(tag)"])
                #expect(known.status == 304)
                #expect(known["ETag"] == tag)
                #expect(known["Cache-Control"] == cacheControl)
                let changed = try connection.exchange("GET", prefix + path, ["If-None-Match: \"another\""])
                #expect(changed.status == 200)
                try expectHead(connection, prefix + path)
            }
            #expect(tags.count == 1, "\(path)")
        }
    }

    private func expectHead(_ connection: RawConnection, _ target: String) throws {
        for fields in [[], ["Accept-Encoding: gzip"]] {
            let whole = try connection.exchange("GET", target, fields)
            var head = try connection.exchange("HEAD", target, fields)
            #expect(head.body.isEmpty)
            head.body = whole.body
            #expect(head.lasting == whole.lasting)
        }
    }

    @Test("Files are packed once, when the build is made")
    func gzip() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let packed = try #require(try app.manifest(id)["files"]).elements.filter { $0["gzipBytes"] != nil }
            .compactMap { $0["path"]?.text }
        #expect(packed.contains("assets/js/data/dataset.js") && packed.contains("index.html"))
        #expect(!packed.contains("assets/img/icon-32x32.png"))
        for (path, content) in WebAppFixture.files() where path != "index.html" {
            let answer = try app.get("/@\(id)/\(path)", ["Accept-Encoding: gzip, deflate, br"])
            #expect(answer.status == 200)
            guard packed.contains(path) else {
                #expect(answer["Content-Encoding"] == nil)
                #expect(answer.body == content)
                continue
            }
            #expect(answer["Content-Encoding"] == "gzip")
            #expect(answer["Vary"]?.lowercased().contains("accept-encoding") == true)
            #expect(answer.body == readFile("\(app.store)/builds/\(id)/gzip/\(path)"))
            #expect(try gunzip(answer.body) == content)
            let tag = try #require(answer["ETag"])
            #expect(try app.get("/@\(id)/\(path)")["ETag"] != tag)
            let known = try app.get("/@\(id)/\(path)", ["Accept-Encoding: gzip", "If-None-Match: \(tag)"])
            #expect(known.status == 304)
        }
        let page = try app.get("/", ["Accept-Encoding: gzip"])
        #expect(page["Content-Encoding"] == "gzip")
        #expect(try gunzip(page.body) == app.get("/").body)
    }

    @Test("The page names its build, is never kept without asking, and is the same at every mount")
    func page() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let page = try app.get("/")
        #expect(page.status == 200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page["Cache-Control"]?.contains("no-cache") == true)
        #expect(page.text.contains(#"<script type="module" src="@\#(id)/assets/js/app/main.js"></script>"#))
        #expect(page.text.contains(#"<link rel="stylesheet" href="@\#(id)/assets/css/main.css">"#))
        #expect(!page.text.replacing("never-html-comment", with: "").contains("\"assets/js/app"))
        let tag = try #require(page["ETag"])
        for target in ["/", "/index.html", "/pbmc_q16/", "/pbmc_q16/index.html", "/pbmc_gzip/"] {
            let same = try app.get(target)
            #expect(same.status == 200, "\(target)")
            #expect(same.body == page.body, "\(target)")
            #expect(same["ETag"] == tag)
            #expect(try app.get(target, ["If-None-Match: \(tag)"]).status == 304)
            try expectHead(try app.gateway.connect(), target)
        }
        try app.expectFiles(of: WebAppFixture.first, at: "/pbmc_gzip/")
        try app.expectFiles(of: WebAppFixture.first, at: "/pbmc_gzip/@\(id)/")
        let identity = try #require(readFile(Repository.demo + "/pbmc_q16/dataset_identity.json"))
        #expect(try app.get("/pbmc_q16/dataset_identity.json").body == identity)
        #expect(try app.get("/pbmc_q16/_cellucid/info").status == 200)
    }

    @Test("A file that does not exist is a 404 in plain text", arguments: [false, true])
    func missingFiles(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        for target in [
            "/assets/js/none.js", "/assets/none.css", "/@\(id)/assets/js/none.js", "/@\(id)/",
            "/@\(id)/index.html",
            "/@\(id)/assets", "/@0123456789abcdef/assets/js/app/main.js", "/@/assets/js/app/main.js",
            "/pbmc_q16/assets/none.js", "/pbmc_q16/@\(id)/assets/none.js", "/assets/", "/assets",
            "/assets/js/../none.js", "/assets/js/app/main.js/", "/@\(id)/assets/%2e%2e/build.json",
            "/assets/js/",
            "/@\(id)/../build.json", "/assets/%2e%2e/%2e%2e/build.json",
        ] {
            let answer = try app.get(target)
            #expect([400, 404].contains(answer.status), "\(target): \(answer.status)")
            #expect(answer["Content-Type"]?.contains("html") != true, "\(target)")
            #expect(!answer.text.contains("<html"), "\(target)")
            #expect(answer["Cache-Control"]?.contains("immutable") != true, "\(target)")
        }
        for target in ["/", "/assets/js/app/main.js", "/@\(id)/assets/js/app/main.js"] {
            let answer = try app.get(target, method: "DELETE")
            #expect(answer.status == 405, "\(target)")
            #expect(answer["Allow"]?.contains("GET") == true)
        }
    }

    @Test("Parts of files are sent as they are")
    func ranges() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let content = try #require(WebAppFixture.files()["assets/js/data/dataset.js"])
        for target in ["/assets/js/data/dataset.js", "/@\(id)/assets/js/data/dataset.js"] {
            let tag = try #require(try app.get(target)["ETag"])
            for fields in [[], ["Accept-Encoding: gzip"], ["If-Range: \(tag)"]] {
                let part = try app.get(target, ["Range: bytes=10-29"] + fields)
                #expect(part.status == 206)
                #expect(part["Content-Encoding"] == nil)
                #expect(part["Content-Range"] == "bytes 10-29/\(content.count)")
                #expect(part.body == Array(content[10..<30]))
            }
            #expect(try app.get(target, ["Range: bytes=-5"]).body == Array(content.suffix(5)))
            #expect(try app.get(target, ["Range: bytes=0-4", "If-Range: \"another\""]).body == content)
            let beyond = try app.get(target, ["Range: bytes=\(content.count)-"])
            #expect(beyond.status == 416)
            #expect(beyond["Content-Range"] == "bytes */\(content.count)")
        }
    }
}
