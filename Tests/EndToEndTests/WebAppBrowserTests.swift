import TestSupport
import Testing

/// The browser of the tests.
private enum Browser {
    /// The browser's program; a line on the output says so when there is none.
    static let program: String? = {
        for name in ["chromium", "chromium-browser", "google-chrome"] {
            if let result = try? ChildProcess.run(name, ["--version"]), result.ending == .exit(0) {
                return name
            }
        }
        print("skipped: the web app's browser test needs the program chromium")
        return nil
    }()
}

/// The web app in a real browser.
@Suite(.enabled(if: WebAppOrigin.isAvailable && Browser.program != nil))
struct WebAppBrowserTests {
    private func open(_ url: String) throws -> JSON {
        // Chromium writes crash reports and more to the home folder, whatever its profile.
        let folder = TemporaryDirectory()
        let result = try ChildProcess.run(
            "env",
            [
                "-u", "XDG_CACHE_HOME", "-u", "XDG_CONFIG_HOME", "HOME=\(folder.path)", "python3", "-B",
                "\(Repository.root)/Tests/WebApp/browse.py", url, "--wait", "60000", "--chromium",
                try #require(Browser.program),
            ],
            seconds: 120
        )
        #expect(result.ending == .exit(0), "\(result.error)")
        return try JSON(result.output)
    }

    private func expectDrawn(_ visit: JSON, _ build: String, _ id: String) throws {
        let page = try #require(visit["page"])
        #expect(page["state"]?.text == "drawn", "\(visit)")
        #expect(page["buildId"]?.text == build)
        for (name, value) in [
            ("font", "loaded"), ("wasm", "loaded"), ("stylesheet", "applied"), ("points", "700"),
            ("extras", "summer 42"),
        ] { #expect(page[name]?.text == value, "\(name)") }
        let scripts = WebAppFixture.files(build).keys.filter { $0.hasSuffix(".js") && $0.contains("/js/") }
        #expect(page["modules"]?.text?.split(separator: " ").count ?? 0 >= scripts.count - 6, "\(page)")
        // Whatever a page of a build loads is of this build.
        let assets = visit["requests"]?.elements.filter { $0["url"]?.text?.contains("assets/") == true } ?? []
        #expect(assets.count > 20)
        for asset in assets {
            #expect(asset["url"]?.text?.contains("/@\(id)/assets/") == true, "\(asset)")
            #expect([nil, .number(200)].contains(asset["status"]), "\(asset)")
        }
    }

    @Test(
        "The page draws a dataset, of one build only",
        arguments: ["/?dataset=pbmc_q16&extras=1", "/pbmc_q16/?extras=1"]
    )
    func page(target: String) throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(origin)
        let first = try app.waitForBuild()
        let url = "http://127.0.0.1:\(app.gateway.port)\(target)"
        try expectDrawn(try open(url), WebAppFixture.first, first)
        origin.publish("fixture-2")
        let second = try app.update(to: "fixture-2")
        try expectDrawn(try open(url), "fixture-2", second)
        try app.stop()
        origin.stop()
        try app.start()
        let offline = try open("http://127.0.0.1:\(app.gateway.port)\(target)")
        try expectDrawn(offline, "fixture-2", second)
    }
}
