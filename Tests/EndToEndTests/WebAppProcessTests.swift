import Glibc
import TestSupport
import Testing

/// Cache folders that several gateways use, whose gateway is killed, or that cannot take what is to be kept.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppProcessTests {
    // MARK: Several processes

    @Test("Two gateways share a cache folder")
    func twoGateways() throws {
        let origin = try WebAppOrigin()
        let one = try ServedWebApp(origin)
        let two = try ServedWebApp(origin, cache: one.cache)
        let id = try one.waitForBuild()
        #expect(try two.waitForBuild() == id)
        #expect(Repository.names(in: one.store + "/builds") == [id])
        // What one fetches on demand, the other has as well.
        let summer = WebAppFixture.onDemand[0]
        #expect(try one.get("/@\(id)/\(summer)").status == 200)
        let files = try one.status()["build"]?["files"]
        _ = try two.wait { $0["build"]?["files"] == files ? true : nil }
        #expect(try two.get("/@\(id)/\(summer)").body == WebAppFixture.files()[summer])
        #expect(origin.count("/\(summer)") == 1)
        // Nobody tells the second one that the first one has a new build.
        origin.publish("fixture-2")
        let second = try one.update(to: "fixture-2")
        let known = origin.requests.count
        #expect(try two.waitForBuild("fixture-2") == second)
        #expect(origin.requests.count == known)
        for app in [one, two] {
            try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
            try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        }
        // Both fetch the next one at the same time.
        origin.publish("fixture-3", ["*": #"{"delay": 20}"#])
        for app in [one, two] { app.gateway.send(signal: SIGHUP) }
        let third = try one.waitForBuild("fixture-3")
        #expect(try two.waitForBuild("fixture-3") == third)
        for app in [one, two] {
            try app.expectFiles(of: "fixture-3", at: "/@\(third)/")
            try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
            #expect(!app.gateway.errorText.contains(" error: "), "\(app.gateway.errorText)")
            try app.stop()
        }
        #expect(Repository.names(in: one.store + "/incoming").isEmpty)
    }

    @Test("A gateway that is killed at any time leaves a whole build, or none before the first")
    func killed() throws {
        let origin = try WebAppOrigin()
        origin.behave(["*": #"{"delay": 10}"#])
        let clock = ContinuousClock()
        let start = clock.now
        let app = try ServedWebApp(origin)
        try app.waitForBuild()
        let length = clock.now - start
        app.gateway.send(signal: SIGKILL)
        app.folder.remove("cache")
        var last: String?
        var builds: Set<String> = []
        for round in 1...50 {
            _ = app.gateway.waitForEnd()
            origin.publish("fixture-\(round % 4 + 1)", ["*": #"{"delay": 10}"#])
            try app.start()
            if let last {
                // The build is there before anything else happens.
                #expect(try app.get("/").status == 200, "round \(round)")
                let client = try app.gateway.connect()
                try client.send("GET", "/@\(last)/\(WebAppFixture.onDemand[round % 2])")
            }
            usleep(UInt32.random(in: 0...UInt32(length / .microseconds(1))))
            app.gateway.send(signal: SIGKILL)
            _ = app.gateway.waitForEnd()
            let id = try currentBuild(app)
            // Once there is a build there always is one.
            #expect(id != nil || last == nil, "round \(round)")
            last = id
            if let id { builds.insert(id) }
        }
        // Whatever has been interrupted, the next one comes to a good end.
        origin.publish("fixture-5")
        try app.start()
        let id = try app.waitForBuild("fixture-5")
        try app.expectFiles(of: "fixture-5", at: "/@\(id)/", except: [])
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
        #expect(!app.gateway.errorText.contains(" error: "), "\(app.gateway.errorText)")
        #expect(builds.count <= 4)
        try app.stop()
        _ = try currentBuild(app)
    }

    @Test(
        "A gateway that is stopped in the middle of a fetch ends in order and leaves nothing",
        arguments: [false, true]
    )
    func stoppedInTheMiddle(isInWalk: Bool) throws {
        let origin = try WebAppOrigin()
        if isInWalk {
            origin.behave(["/assets/js/app/main.js": #"{"stall": {"after": 10, "for": 15000}}"#])
        } else {
            origin.pause()
        }
        let app = try ServedWebApp(origin)
        if isInWalk {
            let hasBegun = Deadline(seconds: 30).wait { origin.count("/assets/js/app/main.js") > 0 }
            #expect(hasBegun)
        }
        try app.stop()
        #expect(!app.gateway.errorText.contains(" error: "), "\(app.gateway.errorText)")
        #expect(Repository.names(in: app.store + "/builds").isEmpty)
        origin.resume()
        origin.behave()
        try app.start()
        try app.waitForBuild()
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
    }

    /// The current build on the disk, all of whose files are compared.
    private func currentBuild(_ app: ServedWebApp) throws -> String? {
        guard let target = realpath(app.store + "/current", nil) else { return nil }
        defer { free(target) }
        let id = try #require(String(cString: target).split(separator: "/").last.map(String.init))
        let manifest = try app.manifest(id)
        let files = WebAppFixture.files(try #require(manifest["buildID"]?.text))
        let paths = try app.manifestPaths(id)
        #expect(Set(paths).isSuperset(of: files.keys.filter { !WebAppFixture.onDemand.contains($0) }))
        for file in manifest["files"]?.elements ?? [] {
            let path = try #require(file["path"]?.text)
            #expect(readFile("\(app.store)/builds/\(id)/files/\(path)") == files[path], "\(path)")
            if file["gzipBytes"] != nil, path == "assets/js/app/main.js" {
                let packed = try #require(readFile("\(app.store)/builds/\(id)/gzip/\(path)"))
                #expect(try gunzip(packed) == files[path])
            }
        }
        return id
    }

    // MARK: Damage

    @Test("A damaged build is not served: the origin or the build before is there instead")
    func damaged() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let first = try app.waitForBuild()
        origin.publish("fixture-2")
        let second = try app.update(to: "fixture-2")
        func damage(_ path: String) throws {
            try app.stop()
            let full = "cache/web-app/default/builds/\(second)/\(path)"
            var content = try #require(readFile(app.folder(full)))
            content[content.count / 2] ^= 1
            app.folder.write(full, content)
        }
        for path in [
            "files/assets/js/app/main.js", "gzip/assets/js/data/dataset.js", "files/index.html", "build.json",
        ] {
            try damage(path)
            try app.start()
            #expect(try app.waitForBuild("fixture-2") == second)
            try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
            #expect(app.logCount(" error: ") == 1, "\(app.gateway.errorText)")
            #expect(app.gateway.errorText.contains(path), "\(app.gateway.errorText)")
        }
        try damage("files/assets/css/main.css")
        origin.stop()
        try app.start()
        #expect(try app.waitForBuild() == first)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(first)/")
        #expect(try app.get("/").text.contains(first))
        #expect(try app.get("/@\(second)/assets/js/app/main.js").status == 404)
    }

    // MARK: Folders that cannot be written

    @Test("A cache folder that can only be read is served from", .enabled(if: OwnFileSystems.areAllowed))
    func readOnly() throws {
        let origin = try WebAppOrigin()
        let writer = try ServedWebApp(origin)
        let id = try writer.waitForBuild()
        try writer.stop()
        let readOnly = OwnFileSystems.readOnly(writer.cache)
        let app = try ServedWebApp(origin, cache: writer.cache, wrapper: readOnly)
        #expect(try app.get("/").status == 200)
        #expect(app.gateway.waitForErrorText("cannot be kept current"))
        #expect(app.gateway.errorText.contains("read-only"))
        #expect(try app.waitForCheck().isEmpty)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        origin.publish("fixture-2")
        #expect(try app.failingCheck().contains("read-only"))
        #expect(try app.waitForBuild() == id)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        // What another gateway does there is noticed all the same.
        try writer.start()
        let second = try writer.waitForBuild("fixture-2")
        #expect(try app.waitForBuild("fixture-2") == second)
        try app.expectFiles(of: "fixture-2", at: "/@\(second)/")
        try app.stop()
    }

    @Test(
        "Without a build a cache folder that can only be read is named on the page",
        .enabled(if: OwnFileSystems.areAllowed)
    )
    func readOnlyWithoutBuild() throws {
        let folder = TemporaryDirectory()
        folder.makeFolder("cache")
        let origin = try WebAppOrigin()
        let readOnly = OwnFileSystems.readOnly(folder("cache"))
        let app = try ServedWebApp(origin, cache: folder("cache"), wrapper: readOnly)
        let page = try app.get("/")
        #expect(page.status == 503)
        #expect(page.text.contains("read-only") && page.text.contains(folder("cache")))
        #expect(app.gateway.errorText.contains("--cache-dir"))
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        try app.stop()
    }

    @Test(
        "A full disk is named, and costs no build that is there",
        .enabled(if: OwnFileSystems.areAllowed),
        arguments: [100, 420]
    )
    func fullDisk(kilobytes: Int) throws {
        let folder = TemporaryDirectory()
        folder.makeFolder("cache")
        let origin = try WebAppOrigin()
        let small = OwnFileSystems.after("mount -t tmpfs -o size=\(kilobytes)k none \(folder("cache"))")
        let app = try ServedWebApp(origin, cache: folder("cache"), wrapper: small)
        if kilobytes > 400 {
            // Room for one build, not for two.
            let id = try app.waitForBuild()
            origin.publish("fixture-2")
            #expect(try app.failingCheck().contains("the disk is full"))
            #expect(try app.waitForBuild() == id)
            try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
            #expect(app.gateway.errorText.contains("the disk is full"))
        } else {
            #expect(try app.waitForCheck().contains("the disk is full"))
            let saysSo = try Deadline(seconds: 30).wait { try app.get("/").text.contains("the disk is full") }
            #expect(saysSo)
        }
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        try app.stop()
    }

    @Test("A cache folder that is none costs only the web app")
    func noFolder() throws {
        let folder = TemporaryDirectory()
        folder.write("cache", "a file")
        let app = try ServedWebApp(try WebAppOrigin(), cache: folder("cache"))
        let page = try app.get("/")
        #expect(page.status == 503)
        #expect(page.text.contains(folder("cache")))
        let asset = try app.get("/assets/js/app/main.js")
        #expect([404, 503].contains(asset.status))
        #expect(asset["Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(try app.get("/pbmc_q16/dataset_identity.json").status == 200)
        try app.stop()
    }
}
