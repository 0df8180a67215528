import Glibc
import TestSupport
import Testing

/// Newer builds: what pages of the earlier one get, and what is fetched.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppUpdateTests {
    private func pageID(_ app: ServedWebApp) throws -> String {
        let page = try app.get("/").text
        let match = try #require(page.firstMatch(of: /src="@([0-9a-f]{16})\/assets\//))
        return String(match.output.1)
    }

    private func buildNames(_ app: ServedWebApp) -> [String] { Repository.names(in: app.store + "/builds") }

    @Test("Open pages keep their build, new ones get the new build", arguments: [false, true])
    func newBuild(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let app = try ServedWebApp(origin)
        let first = try app.waitForBuild()
        #expect(try pageID(app) == first)
        let tag = try #require(try app.get("/")["ETag"])
        let open = try app.gateway.connect()
        #expect(try open.exchange("GET", "/@\(first)/assets/js/app/theme.js").status == 200)
        origin.publish("fixture-2")
        let second = try app.update(to: "fixture-2")
        #expect(second != first)
        #expect(try pageID(app) == second)
        #expect(try app.get("/", ["If-None-Match: \(tag)"]).status == 200)
        let old = try open.exchange("GET", "/@\(first)/assets/js/app/main.js")
        #expect(old.body == WebAppFixture.files()["assets/js/app/main.js"])
        func expectBoth() throws {
            try app.expectFiles(of: WebAppFixture.first, at: "/@\(first)/")
            try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
            try app.expectFiles(of: "fixture-2")
            #expect(try pageID(app) == second)
            #expect(try app.status()["previousBuild"]?["id"]?.text == first)
        }
        try expectBoth()
        try app.restart()
        try expectBoth()
        // And without the origin.
        try app.stop()
        origin.stop()
        try app.start()
        try expectBoth()
    }

    @Test("The build before the last is given up")
    func thirdBuild() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        var ids = [try app.waitForBuild()]
        for number in 2...5 {
            origin.publish("fixture-\(number)")
            ids.append(try app.update(to: "fixture-\(number)"))
        }
        #expect(Set(ids).count == 5)
        try app.expectFiles(of: "fixture-5", at: "/@\(ids[4])/")
        try app.expectFiles(of: "fixture-4", at: "/@\(ids[3])/")
        for id in ids[..<3] {
            let answer = try app.get("/@\(id)/assets/js/app/main.js")
            #expect(answer.status == 404)
            #expect(answer["Content-Type"]?.hasPrefix("text/plain") == true)
            #expect(answer.text.contains("reload"))
        }
        // More than two may be left as long as a process has them open.
        #expect(Set(buildNames(app)).isSuperset(of: ids[3...]))
        #expect(buildNames(app).count <= 4)
        try app.restart()
        origin.publish("fixture-6")
        let last = try app.update(to: "fixture-6")
        #expect(Set(buildNames(app)).isSuperset(of: [ids[4], last]))
        #expect(buildNames(app).count <= 3)
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
    }

    @Test("An earlier build that comes back is the current one again")
    func backAgain() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let first = try app.waitForBuild()
        origin.publish("fixture-2")
        let second = try app.update(to: "fixture-2")
        origin.publish(WebAppFixture.first)
        #expect(try app.update(to: WebAppFixture.first) == first)
        try app.expectFiles(of: WebAppFixture.first)
        try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
    }

    @Test("Where nothing is new, only the page and the inventory are asked for", arguments: [false, true])
    func unchanged(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let manifest = try app.manifest(id)
        for _ in 0..<2 {
            let known = origin.requests.count
            #expect(try app.check().isEmpty)
            #expect(origin.paths(after: known) == ["/cellucid-web-assets.json", "/index.html"])
        }
        #expect(try app.manifest(id) == manifest)
        #expect(buildNames(app) == [id])
    }

    @Test("Of a new build with an inventory only the files that differ are fetched")
    func onlyChangedFiles() throws {
        let origin = try WebAppOrigin(hasInventory: true)
        let app = try ServedWebApp(origin)
        try app.waitForBuild()
        let known = origin.requests.count
        origin.publish("fixture-2")
        let id = try app.update(to: "fixture-2")
        let (old, new) = (WebAppFixture.files(), WebAppFixture.files("fixture-2"))
        let changed = new.keys.filter { new[$0] != old[$0] }.map { "/" + $0 }
        #expect(origin.paths(after: known) == (changed + ["/cellucid-web-assets.json"]).sorted())
        try app.expectFiles(of: "fixture-2", at: "/@\(id)/", except: [])
    }

    @Test("A build that appears while another one is fetched is taken whole", arguments: [false, true])
    func changesMeanwhile(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let slow = #"{"stall": {"after": 10, "for": 2000}}"#
        origin.behave(["/assets/js/app/main.js": slow])
        let app = try ServedWebApp(origin)
        let hasBegun = Deadline(seconds: 60).wait { origin.count("/assets/js/app/main.js") > 0 }
        #expect(hasBegun)
        origin.publish("fixture-2")
        let id = try app.update(to: "fixture-2")
        try app.expectFiles(of: "fixture-2", at: "/@\(id)/")
        // No build that is here is a mixture.
        for name in buildNames(app) where name != id {
            try app.expectFiles(of: WebAppFixture.first, at: "/@\(name)/")
        }
    }

    @Test("A page that is another one each time makes no build")
    func unsettled() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        // Time enough for the next build in the middle of each attempt.
        let slow: KeyValuePairs = ["/assets/js/app/theme.js": #"{"stall": {"after": 10, "for": 4000}}"#]
        origin.publish("fixture-2", slow)
        app.gateway.send(signal: SIGHUP)
        var builds = 2
        let gaveUp = try Deadline(seconds: 90).wait {
            let before = origin.count("/assets/js/app/theme.js")
            _ = try Deadline(seconds: 5).wait {
                try origin.count("/assets/js/app/theme.js") > before || app.status()["lastError"]?.text != nil
            }
            builds += 1
            origin.publish("fixture-\(builds)", slow)
            return try app.status()["lastError"]?.text != nil
        }
        #expect(gaveUp)
        #expect(try app.status()["lastError"]?.text?.contains("changed again and again") == true)
        #expect(try app.waitForBuild() == id)
        #expect(buildNames(app) == [id])
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
        origin.publish("fixture-2")
        try app.expectFiles(of: "fixture-2", at: "/@\(try app.update(to: "fixture-2"))/")
    }
}
