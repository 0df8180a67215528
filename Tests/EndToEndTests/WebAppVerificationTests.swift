import Glibc
import TestSupport
import Testing

/// What the gateway takes from an origin, and what it does not.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppVerificationTests {
    /// A fault, and what the gateway says about it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let path: String
        let rule: String
        let message: String

        init(_ path: String, _ rule: String, _ message: String) {
            self.path = path
            self.rule = rule
            self.message = message
        }

        var testDescription: String { "\(path): \(rule)" }
    }

    private static let script = "/assets/js/app/main.js"
    private static let inventory = "/cellucid-web-assets.json"

    /// Offers a faulty second build, which must be refused, and then a good one.
    private func expectRefusal(_ fault: Fault, hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        origin.publish("fixture-2", [fault.path: fault.rule])
        let error = try app.failingCheck()
        #expect(error.contains(fault.message))
        #expect(error.contains(fault.path.dropFirst()), "\(error)")
        #expect(try app.status()["state"]?.text == "stale")
        #expect(try app.waitForBuild() == id)
        #expect(try app.get("/").text.contains(WebAppFixture.first))
        try app.expectFiles(of: WebAppFixture.first)
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(Repository.names(in: app.store + "/builds") == [id])
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
        origin.behave()
        let new = try app.update(to: "fixture-2")
        #expect(try app.status()["state"]?.text == "ready")
        try app.expectFiles(of: "fixture-2", at: "/@\(new)/")
    }

    // MARK: With an inventory

    @Test(
        "A build that is not what its inventory says is refused, and the earlier one stays",
        arguments: [
            Fault(script, #"{"wrong_bytes": true}"#, "SHA-256"),
            Fault(script, #"{"wrong_bytes": 1}"#, "SHA-256"),
            Fault(script, #"{"wrong_length": 3}"#, "bytes, the inventory says"),
            Fault(script, #"{"wrong_length": -3}"#, "bytes, the inventory says"),
            Fault(script, #"{"body": ""}"#, "bytes, the inventory says"),
            Fault(script, #"{"status": 404}"#, "404"),
            Fault(script, #"{"status": 403}"#, "404"),
            Fault(script, #"{"status": 500}"#, "500"),
            Fault(script, #"{"status": 204}"#, "204"),
            Fault(script, #"{"truncate": 100}"#, "ended within the answer"),
            Fault(script, #"{"chunked": true, "truncate": 100}"#, "ended within the answer"),
            Fault(script, #"{"drop": true}"#, "ended before the answer"),
            Fault(script, #"{"body": "<p>", "headers": {"Content-Type": "text/html"}}"#, "404"),
            Fault(script, #"{"headers": {"Content-Encoding": "gzip"}}"#, "gzip"),
            Fault(script, #"{"headers": {"Content-Encoding": "zstd"}}"#, "zstd"),
            Fault(script, #"{"redirect": "https://127.0.0.1:1/main.js"}"#, "another origin"),
            Fault(script, #"{"redirect": "http://localhost/main.js"}"#, "another origin"),
            Fault(script, #"{"redirect": "/assets/js/app/main.js"}"#, "too many redirects"),
            Fault(inventory, #"{"status": 500}"#, "500"),
            Fault(inventory, #"{"wrong_length": -20}"#, ""),
            Fault(inventory, #"{"body": "{}"}"#, "version"),
            Fault(inventory, #"{"body": "<p>"}"#, ""),
            Fault(
                inventory,
                #"{"body": "{\"version\": 1, \"build_id\": \"fixture-2\", \"assets\": []}"}"#,
                "index.html"
            ),
            Fault(
                inventory,
                #"{"body": "{\"version\": 2, \"build_id\": \"fixture-2\", \"assets\": []}"}"#,
                "version"
            ),
        ]
    )
    func inventoryFaults(fault: Fault) throws {
        try expectRefusal(fault, hasInventory: true)
    }

    @Test("An inventory of another build than the page's is refused")
    func inventoryOfAnotherBuild() throws {
        let origin = try WebAppOrigin(hasInventory: true)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let folder = origin.publish("fixture-2")
        let tool = "\(Repository.root)/Tests/WebApp/inventory.py"
        let result = try ChildProcess.run("python3", ["-B", tool, folder, "--build-id", "fixture-3"])
        #expect(result.ending == .exit(0))
        let error = try app.failingCheck()
        #expect(error.contains("fixture-3") && error.contains("fixture-2"))
        #expect(try app.waitForBuild() == id)
        try app.expectFiles(of: WebAppFixture.first, except: [])
        origin.builds.remove("fixture-2/cellucid-web-assets.json")
        try app.update(to: "fixture-2")
    }

    @Test(
        "An inventory that names files outside of the web app is refused",
        arguments: ["../x.js", "/x.js", "assets/../x.js"]
    )
    func unsafeInventory(path: String) throws {
        let origin = try WebAppOrigin(hasInventory: true)
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let digest = String(repeating: "0", count: 64)
        let files = ["index.html", path].map {
            #"{\"path\": \"\#($0)\", \"sha256\": \"\#(digest)\", \"bytes\": 1, \"content_type\": \"text/html\"}"#
        }
        let text =
            #"{\"version\": 1, \"build_id\": \"fixture-2\", \"assets\": [\#(files.joined(separator: ", "))]}"#
        origin.publish("fixture-2", [Self.inventory: #"{"body": "\#(text)"}"#])
        #expect(try app.failingCheck().contains("x.js"))
        #expect(try app.waitForBuild() == id)
        #expect(Repository.names(in: app.store) == ["builds", "current", "incoming", "lock"])
    }

    // MARK: By reading

    @Test(
        "A build that cannot be read whole is refused, and the earlier one stays",
        arguments: [
            Fault(script, #"{"status": 500}"#, "500"),
            Fault(script, #"{"status": 429}"#, "429"),
            Fault(script, #"{"truncate": 100}"#, "ended within the answer"),
            Fault(script, #"{"content_length": 5000}"#, "ended within the answer"),
            Fault(script, #"{"drop": true}"#, "ended before the answer"),
            Fault(script, #"{"headers": {"Content-Encoding": "gzip"}}"#, "gzip"),
            Fault(script, #"{"redirect": "https://127.0.0.1:1/main.js"}"#, "another origin"),
            Fault("/index.html", #"{"status": 404}"#, "404"),
            Fault("/index.html", #"{"status": 503}"#, "503"),
            Fault("/index.html", #"{"body": "<!doctype html><p>Please sign in"}"#, "not the page"),
            Fault("/index.html", #"{"body": ""}"#, "not the page"),
            Fault("/index.html", #"{"redirect": "https://127.0.0.1:1/sign-in"}"#, "another origin"),
            Fault("/index.html", #"{"truncate": 600}"#, "ended within the answer"),
        ]
    )
    func walkFaults(fault: Fault) throws {
        try expectRefusal(fault, hasInventory: false)
    }

    @Test(
        "What fails once is tried again",
        arguments: [
            #"{"status": 500, "times": 1}"#, #"{"status": 503, "times": 2, "headers": {"Retry-After": "1"}}"#,
            #"{"drop": true, "times": 1}"#, #"{"truncate": 100, "times": 1}"#,
            #"{"truncate": 0, "times": 2}"#,
            #"{"stall": {"after": 100, "for": 1000}}"#,
            #"{"status": 429, "times": 1}"#,
        ],
        [false, true]
    )
    func triedAgain(rule: String, hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        origin.behave([Self.script: rule])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(app.logCount(" warning: ") == 0)
    }

    @Test("A body that does not go on is given up and asked for again")
    func stall() throws {
        let origin = try WebAppOrigin()
        origin.behave([Self.script: #"{"stall": {"after": 100, "for": 60000}, "times": 1}"#])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(origin.count(Self.script) == 2)
    }

    @Test(
        "A body may come in any form",
        arguments: [
            #"{"chunked": true}"#, #"{"chunked": 7}"#, #"{"headers": {"Connection": "close"}}"#,
            #"{"headers": {"Content-Type": null}}"#,
            #"{"headers": {"ETag": null, "Cache-Control": "no-store"}}"#,
        ],
        [false, true]
    )
    func forms(rule: String, hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        origin.behave(["*": rule])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
    }

    @Test("Files that the origin has in codings are the same files", arguments: [false, true])
    func codings(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        let files = WebAppFixture.files()
        // No test has a Brotli coder; what is in its place is passed on as it is.
        let brotli = Array("not quite Brotli".utf8)
        for (path, content) in files where path.hasSuffix(".js") || path.hasSuffix(".html") {
            origin.builds.write("\(WebAppFixture.first)/\(path).gz", ExportFixture.storedGzip(content))
            origin.builds.write("\(WebAppFixture.first)/\(path).br", brotli)
        }
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        let target = "/@\(id)\(Self.script)"
        let answer = try app.get(target, ["Accept-Encoding: gzip, br"])
        #expect(answer["Content-Encoding"] == "br")
        #expect(answer.body == brotli)
        #expect(answer["Vary"]?.lowercased().contains("accept-encoding") == true)
        let packed = try app.get(target, ["Accept-Encoding: gzip"])
        #expect(packed["Content-Encoding"] == "gzip")
        #expect(try gunzip(packed.body) == files["assets/js/app/main.js"])
        #expect(try app.get(target, ["Accept-Encoding: br;q=0"])["Content-Encoding"] == nil)
        let tags = try ["br", "gzip", "identity"].map {
            try app.get(target, ["Accept-Encoding: \($0)"])["ETag"]
        }
        #expect(Set(tags).count == 3)
        // The page's own coding would be that of another page.
        #expect(try app.get("/", ["Accept-Encoding: br"]).body == app.get("/").body)
    }

    @Test("A file that is missing, or a page in its place, is left out until there is one")
    func leftOut() throws {
        let origin = try WebAppOrigin()
        origin.behave([
            "/assets/js/data/after.js": #"{"status": 404}"#,
            "/assets/css/main.css": #"{"body": "<!doctype html>", "headers": {"Content-Type": "text/html"}}"#,
        ])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        let left = ["assets/js/data/after.js", "assets/css/main.css"]
        #expect(try !app.manifestPaths(id).contains { left.contains($0) })
        for path in left {
            let answer = try app.get("/@\(id)/\(path)")
            #expect(answer.status == 404)
            #expect(answer["Content-Type"]?.contains("html") != true)
        }
        origin.behave()
        // Another process does not remember that they did not exist.
        try app.restart()
        try app.waitForCheck()
        for path in left { #expect(try app.get("/@\(id)/\(path)").body == WebAppFixture.files()[path]) }
    }

    @Test("A redirect within the origin is followed")
    func redirect() throws {
        let origin = try WebAppOrigin()
        let content = try #require(WebAppFixture.files()["assets/js/app/main.js"])
        origin.builds.write("\(WebAppFixture.first)/moved/main.js", content)
        origin.behave([Self.script: #"{"redirect": "/moved/main.js", "status": 301}"#])
        let app = try ServedWebApp(origin)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(origin.count("/moved/main.js") >= 1)
    }

    // MARK: Connections

    @Test("An origin that dies in the middle is asked again when it is back", arguments: [false, true])
    func dies(hasInventory: Bool) throws {
        let origin = try WebAppOrigin(hasInventory: hasInventory)
        origin.behave(diesAfter: 12)
        let app = try ServedWebApp(origin)
        let error = try app.waitForCheck()
        #expect(error.contains("localhost:\(origin.port)"))
        #expect(origin.hasEnded)
        #expect(try app.status()["build"] == .null)
        #expect(try app.get("/").status == 503)
        #expect(Repository.names(in: app.store + "/builds").isEmpty)
        #expect(Repository.names(in: app.store + "/incoming").isEmpty)
        origin.behave()
        try origin.start()
        #expect(try app.check().isEmpty)
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
    }

    @Test(
        "A certificate that cannot be trusted is named",
        arguments: [
            (WebAppCertificates.Kind.untrusted, "certificate verify failed"), (.otherName, "localhost"),
        ]
    )
    func certificates(kind: WebAppCertificates.Kind, message: String) throws {
        let origin = try WebAppOrigin(certificate: kind)
        let app = try ServedWebApp(origin)
        let error = try app.waitForCheck()
        #expect(error.contains("certificate verify failed"))
        #expect(error.contains(message))
        #expect(origin.requests.isEmpty)
        #expect(try app.get("/").text.contains("certificate verify failed"))
        #expect(app.logCount("certificate verify failed") == 1)
    }
}
