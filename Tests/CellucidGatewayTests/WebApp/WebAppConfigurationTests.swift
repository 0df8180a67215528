import Testing

@testable import CellucidGateway

/// The options of the viewer beyond what all options have in common.
@Suite struct WebAppConfigurationTests {
    private func configuration(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Configuration {
        let invocation = try Invocation.parse(
            arguments: arguments + ["/d"],
            environment: environment,
            currentDirectory: "/work"
        )
        guard case .serve(let configuration) = invocation else { throw StartupError(.usage, "\(invocation)") }
        return configuration
    }

    @Test(
        arguments: [
            ("https://www.cellucid.com", "https://www.cellucid.com"),
            ("https://Viewer.Example.org/", "https://viewer.example.org"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("https://example.org:443", "https://example.org"),
        ]
    )
    func origins(text: String, origin: String) throws {
        #expect(try configuration(["--web-app-origin", text]).webApp.origin == origin)
    }

    @Test(arguments: [
        "example.org", "ftp://example.org", "https://example.org/app", "https://a?b", "https://", "",
    ])
    func unusableOrigins(text: String) {
        #expect(throws: StartupError.self) { try configuration(["--web-app-origin=\(text)"]) }
    }

    @Test func otherViewers() throws {
        let webApp = try configuration([
            "--web-app", "g0", "--web-app", "lab=https://lab.example.org", "--dataset-web-app", "kidney=lab",
        ]).webApp
        #expect(
            webApp.others == [
                NamedWebApp(name: "g0", origin: nil),
                NamedWebApp(name: "lab", origin: "https://lab.example.org"),
            ]
        )
        #expect(webApp.ofDatasets == ["kidney": "lab"])
    }

    @Test(
        arguments: [
            ["--web-app", "a/b"], ["--web-app", "default"], ["--web-app", "g0=nonsense"],
            ["--web-app", "g0", "--web-app", "g0"], ["--dataset-web-app", "kidney"],
            ["--dataset-web-app", "kidney=unknown"],
        ]
    )
    func mistakes(arguments: [String]) {
        #expect(throws: StartupError.self) { try configuration(arguments) }
    }

    @Test func theFileNamesViewersOfRoots() throws {
        let text = """
            {
              roots: ["/a", { path: "/b", webApp: "g0" }],
              webApps: { g0: {}, lab: { origin: "https://lab.example.org" } },
              datasetWebApps: { kidney: "lab" },
            }
            """
        try ConfigurationFixture.withFile(text) { file in
            let invocation = try Invocation.parse(
                arguments: ["--config", file],
                environment: [:],
                currentDirectory: "/work"
            )
            guard case .serve(let configuration) = invocation else {
                throw StartupError(.usage, "\(invocation)")
            }
            #expect(configuration.roots.map(\.webApp) == [nil, "g0"])
            #expect(configuration.webApp.others.map(\.name) == ["g0", "lab"])
            #expect(configuration.webApp.ofDatasets == ["kidney": "lab"])
        }
    }

    @Test func thePythonPackagesCacheIsHonoured() throws {
        let environment = ["CELLUCID_WEB_PROXY_CACHE_DIR": "/shared"]
        let honoured = try configuration([], environment: environment)
        #expect(WebAppParts.directory("default", honoured) == "/shared/cellucid-gateway/default")
        let own = try configuration(["--cache-dir", "/own"], environment: environment)
        #expect(WebAppParts.directory("g0", own) == "/own/web-app/g0")
    }
}
