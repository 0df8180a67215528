import Glibc
import TestSupport
import Testing

/// Files that are in no build because only a running page knows their names.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppOnDemandTests {
    private static let summer = WebAppFixture.onDemand[0]
    private static let note = WebAppFixture.onDemand[1]

    private func isAdded(_ path: String, _ id: String, _ app: ServedWebApp) throws -> Bool {
        let file = try app.manifest(id)["files"]?.elements.first { $0["path"]?.text == path }
        return file?["isAdded"] == .bool(true)
    }

    @Test("A file is fetched once, however many ask at the same time, and stays", arguments: [true, false])
    func manyClients(isPinned: Bool) throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        #expect(try !app.manifestPaths(id).contains(Self.summer))
        #expect(origin.count("/\(Self.summer)") == 0)
        // Long enough for all to ask; if not, the rest is answered from the build, which is as good.
        origin.behave(["/\(Self.summer)": #"{"delay": 1500}"#])
        let target = isPinned ? "/@\(id)/\(Self.summer)" : "/\(Self.summer)"
        let clients = try (0..<200).map { _ in try app.gateway.connect() }
        for client in clients { try client.send("GET", target) }
        let content = try #require(WebAppFixture.files()[Self.summer])
        for client in clients {
            let answer = try client.readResponse()
            #expect(answer.status == 200)
            #expect(answer.body == content)
            #expect(answer["Content-Type"]?.hasPrefix("text/javascript") == true)
            #expect(answer["Cache-Control"]?.contains(isPinned ? "immutable" : "no-cache") == true)
        }
        #expect(origin.count("/\(Self.summer)") == 1)
        #expect(try isAdded(Self.summer, id, app))
        for other in ["/\(Self.summer)", "/@\(id)/\(Self.summer)", "/pbmc_q16/@\(id)/\(Self.summer)"] {
            #expect(try app.get(other).body == content)
        }
        #expect(origin.count("/\(Self.summer)") == 1)
        // The build is still the same one.
        #expect(try app.waitForBuild() == id)
        try app.stop()
        origin.stop()
        try app.start()
        for other in ["/\(Self.summer)", "/@\(id)/\(Self.summer)"] {
            #expect(try app.get(other).body == content)
        }
        #expect(try app.get("/@\(id)/\(Self.summer)", method: "HEAD").status == 200)
    }

    @Test("Many files that are asked for at the same time all join the build")
    func manyFiles() throws {
        let origin = try WebAppOrigin()
        let files = (0..<60).map { "assets/js/lazy/\($0).js" }
        for file in files {
            origin.builds.write("\(WebAppFixture.first)/\(file)", "export default '\(file)';\n")
        }
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let clients = try files.map { _ in try app.gateway.connect() }
        for (client, file) in zip(clients, files) { try client.send("GET", "/@\(id)/\(file)") }
        for (client, file) in zip(clients, files) {
            let answer = try client.readResponse()
            #expect(answer.status == 200)
            #expect(answer.text == "export default '\(file)';\n")
        }
        for file in files {
            #expect(try app.get("/@\(id)/\(file)").status == 200)
            #expect(origin.count("/\(file)") == 1)
        }
        #expect(Set(try app.manifestPaths(id)).isSuperset(of: files))
        try app.restart()
        for file in files { #expect(try app.get("/@\(id)/\(file)").status == 200) }
    }

    @Test("A HEAD request and a part are answered like those for any file")
    func headAndRange() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let summer = try #require(WebAppFixture.files()[Self.summer])
        let head = try app.get("/@\(id)/\(Self.summer)", method: "HEAD")
        #expect(head.status == 200)
        #expect(head["Content-Length"] == "\(summer.count)")
        let note = try #require(WebAppFixture.files()[Self.note])
        let part = try app.get("/@\(id)/\(Self.note)", ["Range: bytes=2-9"])
        #expect(part.status == 206)
        #expect(part.body == Array(note[2..<10]))
        #expect(try isAdded(Self.summer, id, app) && isAdded(Self.note, id, app))
    }

    @Test("A file that does not exist is asked for once, and is a 404 in plain text")
    func missing() throws {
        let origin = try WebAppOrigin()
        origin.behave([
            "/assets/js/page.js":
                #"{"body": "<!doctype html><p>Not here", "headers": {"Content-Type": "text/html"}}"#,
            "/assets/js/gone.js": #"{"status": 410}"#, "/assets/js/forbidden.js": #"{"status": 403}"#,
        ])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        for name in ["none", "page", "gone", "forbidden"] {
            for target in [
                "/@\(id)/assets/js/\(name).js", "/assets/js/\(name).js", "/@\(id)/assets/js/\(name).js?v=2",
            ] {
                let answer = try app.get(target)
                #expect(answer.status == 404, "\(target)")
                #expect(answer["Content-Type"]?.contains("html") != true)
                #expect(!answer.text.contains("<"))
            }
            #expect(origin.count("/assets/js/\(name).js") == 1, "\(name)")
        }
        #expect(try app.manifestPaths(id).count == WebAppFixture.files().count - WebAppFixture.onDemand.count)
    }

    @Test("What is no part of a web app is never asked for")
    func notPartOfTheApp() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let known = origin.requests.count
        for target in [
            "/@\(id)/secret.txt", "/secret.txt", "/@\(id)/exports/data.json", "/@\(id)/.git/config",
            "/robots.txt",
            "/@\(id)/assets/%2e%2e/secret.txt", "/@\(id)/assets/..%2fsecret.txt", "/@\(id)/assets//main.js",
            "/@\(id)/assets/a%00b.js", "/@\(id)/assets/a%5cb.js", "/pbmc_q16/none.bin",
            "/none/assets/js/main.js",
            "/@0123456789abcdef/assets/js/none.js", "/@\(id)/assets/a%3fb.js", "/@\(id)/assets/a%0d%0ab.js",
        ] {
            #expect([400, 404].contains(try app.get(target).status), "\(target)")
        }
        #expect(origin.paths(after: known).isEmpty)
    }

    @Test("Where an inventory says which files there are, no other is asked for")
    func inventoried() throws {
        let origin = try WebAppOrigin(hasInventory: true)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        #expect(try app.manifest(id)["isInventoried"] == .bool(true))
        #expect(try app.manifestPaths(id) == WebAppFixture.files().keys.sorted())
        let known = origin.requests.count
        #expect(try app.get("/@\(id)/\(Self.summer)").body == WebAppFixture.files()[Self.summer])
        #expect(try app.get("/@\(id)/assets/js/none.js").status == 404)
        #expect(try app.get("/assets/js/none.js").status == 404)
        #expect(origin.paths(after: known).isEmpty)
    }

    @Test(
        "A file that cannot be fetched is a 503 in plain text, and is asked for again",
        arguments: [#"{"status": 500}"#, #"{"truncate": 10}"#, #"{"drop": true}"#]
    )
    func failures(rule: String) throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        origin.behave(["/\(Self.summer)": rule])
        let answer = try app.get("/@\(id)/\(Self.summer)")
        #expect(answer.status == 503)
        #expect(answer["Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(answer["Cache-Control"]?.contains("immutable") != true)
        #expect(try !app.manifestPaths(id).contains(Self.summer))
        origin.behave()
        let again = try app.get("/@\(id)/\(Self.summer)")
        #expect(again.status == 200)
        #expect(again.body == WebAppFixture.files()[Self.summer])
        #expect(try isAdded(Self.summer, id, app))
    }

    @Test("A file of a newer build never joins an older one")
    func originHasMoved() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let old = try app.waitForBuild()
        origin.publish("fixture-2")
        // For ten seconds the gateway takes the origin's page for the one it has seen.
        sleep(11)
        for target in ["/@\(old)/\(Self.summer)", "/@\(old)/\(Self.note)"] {
            #expect(try app.get(target).status == 404)
        }
        // Nobody has to tell it to look for the build that it has come across.
        let new = try app.waitForBuild("fixture-2")
        #expect(try app.get("/@\(old)/\(Self.summer)").status == 404)
        #expect(try app.manifestPaths(old).contains(Self.summer) == false)
        let content = WebAppFixture.files("fixture-2")[Self.summer]
        #expect(try app.get("/@\(new)/\(Self.summer)").body == content)
        #expect(try app.get("/\(Self.summer)").body == content)
        #expect(try app.get("/@\(old)/\(Self.summer)").status == 404)
    }

    @Test("A file that an earlier build had got is still there for its pages")
    func earlierBuild() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let old = try app.waitForBuild()
        let first = WebAppFixture.files()[Self.summer]
        #expect(try app.get("/@\(old)/\(Self.summer)").body == first)
        origin.publish("fixture-2")
        let new = try app.update(to: "fixture-2")
        #expect(try app.get("/@\(old)/\(Self.summer)").body == first)
        #expect(try app.get("/@\(new)/\(Self.summer)").body == WebAppFixture.files("fixture-2")[Self.summer])
        try app.restart()
        #expect(try app.get("/@\(old)/\(Self.summer)").body == first)
        #expect(try app.get("/@\(new)/\(Self.summer)").body == WebAppFixture.files("fixture-2")[Self.summer])
    }
}
