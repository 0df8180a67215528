import Glibc
import TestSupport
import Testing

/// `gateway web-app`: fetching, exporting and importing builds without serving them.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppCommandTests {
    private let folder = TemporaryDirectory()

    private func run(_ words: [String], _ origin: WebAppOrigin, cache: String = "cache") throws
        -> (ending: ChildProcess.Ending, output: String, error: String)
    {
        let result = try GatewayProcessUnderTest.run(
            ["web-app"] + words
                + [
                    "--web-app-origin", origin.url, "--web-app-ca", try WebAppCertificates.authority(),
                    "--cache-dir", folder(cache),
                ],
            hasWebApp: true,
            directory: folder.path
        )
        return (result.ending, result.output, result.error)
    }

    @Test("A build is fetched, exported, and imported where there is no origin", arguments: [false, true])
    func roundTrip(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let fetched = try run(["update"], origin)
        #expect(fetched.ending == .exit(0), "\(fetched.error)")
        #expect(fetched.output.contains("fetched") && fetched.output.contains(WebAppFixture.first))
        let again = try run(["update"], origin)
        #expect(again.ending == .exit(0))
        #expect(again.output.contains("up to date"))
        let exported = try run(["export", "viewer.tar"], origin)
        #expect(exported.ending == .exit(0), "\(exported.error)")
        #expect(exported.output.contains("viewer.tar"))
        // It is an ordinary archive.
        let listing = try ChildProcess.run("tar", ["-tf", folder("viewer.tar")])
        #expect(String(decoding: listing.output, as: UTF8.self).contains("assets/js/app/main.js"))
        origin.stop()
        let app = try ServedWebApp(origin, cache: folder("other"))
        #expect(try app.waitForCheck().contains("cannot connect"))
        let imported = try run(["import", "viewer.tar"], origin, cache: "other")
        #expect(imported.ending == .exit(0), "\(imported.error)")
        #expect(imported.output.contains(WebAppFixture.first))
        // The gateway that runs notices.
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(Repository.names(in: folder("cache/web-app/default/builds")) == [id])
        try app.stop()
    }

    @Test("A folder that is laid out like the web app is imported")
    func folderImport() throws {
        let origin = try WebAppOrigin()
        origin.stop()
        let source = WebAppFixture.write("fixture-7", in: folder)
        let app = try ServedWebApp(
            origin,
            cache: folder("cache"),
            arguments: ["--web-app", "lab", "--dataset-web-app", "pbmc_q16=lab"]
        )
        let result = try run(["import", source, "lab", "--web-app", "lab"], origin)
        #expect(result.ending == .exit(0), "\(result.error)")
        let id = try app.waitForBuild("fixture-7", "lab")
        try app.expectFiles(of: "fixture-7", at: "/pbmc_q16/@\(id)/", except: [])
        #expect(try app.get("/pbmc_q16/").text.contains("@\(id)/assets/"))
        #expect(try app.get("/").status == 503)
    }

    @Test("An update while a gateway runs is noticed by it")
    func updateBeside() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin, cache: folder("cache"))
        try app.waitForBuild()
        origin.publish("fixture-2")
        #expect(try run(["update"], origin).ending == .exit(0))
        let id = try app.waitForBuild("fixture-2")
        try app.expectFiles(of: "fixture-2", at: "/@\(id)/")
    }

    @Test("What goes wrong is said in one line, and changes nothing")
    func failures() throws {
        let origin = try WebAppOrigin()
        let none = try run(["export", "viewer.tar"], origin)
        #expect(none.ending == .exit(1))
        #expect(none.error.contains("no build"))
        #expect(readFile(folder("viewer.tar")) == nil)
        origin.behave(["/assets/js/app/main.js": #"{"truncate": 100}"#])
        let cut = try run(["update"], origin)
        #expect(cut.ending == .exit(1))
        #expect(cut.error.contains("assets/js/app/main.js") && cut.error.contains("ended within the answer"))
        origin.behave()
        #expect(try run(["update"], origin).ending == .exit(0))
        #expect(try run(["export", "viewer.tar"], origin).ending == .exit(0))
        let good = try #require(readFile(folder("viewer.tar")))
        let builds = Repository.names(in: folder("cache/web-app/default/builds"))
        var damaged = good
        damaged[good.count / 2] ^= 1
        folder.write("damaged.tar", damaged)
        folder.write("cut.tar", Array(good.prefix(good.count / 2)))
        folder.write("text.tar", "this is no archive")
        for name in ["damaged.tar", "cut.tar", "text.tar", "missing.tar"] {
            let result = try run(["import", name], origin)
            #expect(result.ending == .exit(1), "\(name)")
            #expect(result.error.contains(name), "\(result.error)")
            #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
            #expect(Repository.names(in: folder("cache/web-app/default/builds")) == builds)
        }
        origin.stop()
        let offline = try run(["update"], origin)
        #expect(offline.ending == .exit(1))
        #expect(offline.error.contains("cannot connect"))
        for words in [["update", "unknown"], ["export"], ["fetch"], [], ["import", "a", "b", "c"]] {
            #expect(try run(words, origin).ending == .exit(2), "\(words)")
        }
    }

    @Test("A command that is stopped leaves nothing behind")
    func stopped() throws {
        let origin = try WebAppOrigin()
        origin.pause()
        let command = try GatewayProcessUnderTest(
            [
                "web-app", "update", "--web-app-origin", origin.url, "--web-app-ca",
                try WebAppCertificates.authority(), "--cache-dir", folder("cache"),
            ],
            port: nil,
            hasWebApp: true,
            waits: false
        )
        let hasBegun = Deadline(seconds: 30).wait {
            !Repository.names(in: folder("cache/web-app/default")).isEmpty
        }
        #expect(hasBegun)
        command.send(signal: SIGTERM)
        #expect(command.waitForEnd() != nil)
        origin.resume()
        #expect(try run(["update"], origin).ending == .exit(0))
        #expect(Repository.names(in: folder("cache/web-app/default/incoming")).isEmpty)
    }
}
