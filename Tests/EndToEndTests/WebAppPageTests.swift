import Glibc
import TestSupport
import Testing

private let hasChromium: Bool = {
    if let result = try? ChildProcess.run("chromium", ["--version"]), result.ending == .exit(0) {
        return true
    }
    print("skipped: the tests of the viewer in a browser need the program chromium")
    return false
}()

/// The web app in a real browser: every module, a dataset, drawn points, with and without the origin.
@Suite(.enabled(if: WebAppOrigin.isAvailable && TLSCertificates.isAvailable && hasChromium))
struct WebAppPageTests {
    /// What `browse.py` says about a visit.
    private struct Visit {
        let page: JSON
        let requests: [JSON]
        let console: [JSON]

        func attribute(_ name: String) -> String? { page[name]?.text }
    }

    private let folder = TemporaryDirectory()

    private func served() throws -> ServedWebApp {
        let certificate = try TLSCertificates(in: folder).make("localhost").both
        let app = try ServedWebApp(try WebAppOrigin(), arguments: ["--tls", certificate])
        return app
    }

    private func visit(_ app: ServedWebApp, _ target: String, screenshot: String? = nil) throws -> Visit {
        let result = try ChildProcess.run(
            "python3",
            [
                "-B", "\(Repository.root)/Tests/WebApp/browse.py",
                "https://127.0.0.1:\(app.gateway.port)\(target)",
                "--wait", "60000", "--option=--ignore-certificate-errors",
            ] + (screenshot.map { ["--screenshot", $0] } ?? [])
        )
        try #require(result.ending == .exit(0), "\(result.error)")
        let document = try JSON(result.output)
        return Visit(
            page: try #require(document["page"]),
            requests: document["requests"]?.elements ?? [],
            console: document["console"]?.elements ?? []
        )
    }

    /// Checks that the page has drawn a dataset with all that belongs to it.
    private func expectDrawn(_ visit: Visit, _ app: ServedWebApp, dataset: String) {
        #expect(visit.attribute("state") == "drawn")
        #expect(visit.attribute("datasetId") == dataset)
        #expect(visit.attribute("points") == "700")
        #expect(visit.attribute("buildId") == WebAppFixture.first)
        #expect(visit.attribute("extras") == "summer 42")
        #expect(visit.attribute("font") == "loaded")
        #expect(visit.attribute("wasm") == "loaded")
        #expect(visit.attribute("stylesheet") == "applied")
        let modules = visit.attribute("modules")?.split(separator: " ") ?? []
        #expect(modules.count == 17, "\(modules)")
        #expect(modules.contains("js/data/decode-worker.js"))
        // A dataset that is exported another way lacks some files, which the page finds out by asking.
        for entry in visit.console {
            #expect(entry["text"]?.text?.contains("status of 404") == true, "\(entry)")
        }
        for request in visit.requests {
            let url = request["url"]?.text ?? ""
            if url.hasPrefix("data:") || url.hasPrefix("blob:") { continue }
            #expect(url.hasPrefix("https://127.0.0.1:\(app.gateway.port)/"), "\(url) left the origin")
            if let version = request["protocol"]?.text { #expect(version == "h2", "\(url)") }
        }
    }

    @Test("A browser loads the viewer and draws a dataset, and does it again without the origin")
    func draws() throws {
        let app = try served()
        let isReady = try Deadline(seconds: 60).wait {
            let status = try ChildProcess.run(
                "curl",
                ["-sk", "https://127.0.0.1:\(app.gateway.port)/_gateway/web-app"]
            )
            return String(decoding: status.output, as: UTF8.self).contains("\"state\":\"ready\"")
        }
        #expect(isReady, "\(app.gateway.errorText)")
        let picture = folder("page.png")
        expectDrawn(try visit(app, "/?extras=1", screenshot: picture), app, dataset: "pbmc_gzip")
        let pixels = try ChildProcess.run(
            "python3",
            ["-B", "\(Repository.root)/Tests/WebApp/pixels.py", picture]
        )
        let colours = try JSON(pixels.output)
        // The page alone has some twenty colours; the points bring hundreds.
        guard case .number(let count)? = colours["colours"] else {
            Issue.record("\(colours) \(pixels.error)")
            return
        }
        #expect(count > 100)
        expectDrawn(try visit(app, "/pbmc_q16/?extras=1"), app, dataset: "pbmc_q16")

        app.origin.stop()
        try app.restart()
        expectDrawn(try visit(app, "/?extras=1&dataset=pbmc_q16"), app, dataset: "pbmc_q16")
    }
}
