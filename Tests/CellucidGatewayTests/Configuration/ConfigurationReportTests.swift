import Testing

@testable import CellucidGateway

@Suite struct ConfigurationReportTests {
    @Test(arguments: [
        ["/d"],
        ["--port", "8765", "/d"],
        ["--port", "auto", "--workers", "7", "a", "b=c", #"quote" \ "# + "\u{1}\n\u{7F}ü/"],
        [
            "/d", "--tls", "a", "--tls", "b", "--tls-key", "c", "--tls-key", "d", "--access-log=x", "--host",
            "::1",
            "--recursive", "--rescan-seconds", "1", "--base-path", "/q/r", "--allowed-host", "*",
            "--log-level",
            "debug", "--log-format", "json", "--trusted-proxy", "::1/128", "--max-connections", "1",
            "--header-seconds", "2", "--idle-seconds", "3", "--stall-seconds", "4", "--shutdown-seconds", "5",
            "--cache-dir", "cache", "--state-dir", "state", "--admin-token-file", "token",
            "--no-loopback-admin",
            "--allowed-host", "a.org", "--no-web-app", "--web-app-origin",
            "https://viewer.example.org:8443", "--web-app-ca", "ca.pem", "--web-app-check-hours", "7",
            "--web-app-demo-data", "off", "--web-app", "g0", "--web-app", "lab=http://127.0.0.1:99",
            "--dataset-web-app", "kidney=g0",
        ],
        [
            "--upstream", "nb=http://127.0.0.1:8766", "--upstream", "lab=unix:/run/lab.sock", "--upstream-ca",
            "ca.pem",
            "--upstream-seconds", "7",
        ],
        ["/d", "--tls", "a", "--access-log", "--recursive=true"],
        [
            "/d", "--h2c", "--http2", "false", "--http2-streams", "1", "--http2-header-bytes", "1024",
            "--http2-continuations", "2", "--http2-resets", "3", "--http2-control-frames", "4",
        ],
    ])
    func readsBackAsTheSameConfiguration(_ arguments: [String]) throws {
        var configuration = try ConfigurationFixture.configuration(arguments)
        let text = ConfigurationReport.text(configuration)
        // The text names the state folder, be it the usual one.
        configuration.stateDirectoryIsExplicit = true
        try ConfigurationFixture.withFile(text) { file in
            let again = try Invocation.parse(
                arguments: ["--config", file],
                environment: [:],
                currentDirectory: "/elsewhere"
            )
            #expect(again == .serve(configuration))
        }
    }

    @Test func isStable() throws {
        var configuration = ConfigurationFixture.defaults
        configuration.roots = [RootOption(name: "b", path: "/b")]
        #expect(
            ConfigurationReport.text(configuration) == """
                {
                  "roots": [
                    {
                      "name": "b",
                      "path": "/b"
                    }
                  ],
                  "recursive": false,
                  "rescanSeconds": 30,
                  "cacheDirectory": "/home/ada/.cache/cellucid-gateway",
                  "stateDirectory": "/home/ada/.local/state/cellucid-gateway",
                  "datasets": [],
                  "upstreams": {
                    "certificateAuthorities": null,
                    "answerSeconds": 60
                  },
                  "host": "127.0.0.1",
                  "port": "auto",
                  "basePath": "/",
                  "allowedHosts": [],
                  "trustedProxies": [],
                  "admin": {
                    "tokenFile": null,
                    "noLoopback": false
                  },
                  "tls": [],
                  "http2": {
                    "enabled": true,
                    "cleartext": false,
                    "maxStreams": 128,
                    "maxHeaderBytes": 65536,
                    "maxContinuations": 8,
                    "resetsPerSecond": 50,
                    "controlFramesPerSecond": 100
                  },
                  "webApp": {
                    "origin": "https://www.cellucid.com",
                    "disabled": false,
                    "ca": null,
                    "checkHours": 6,
                    "demoData": "auto"
                  },
                  "webApps": {},
                  "datasetWebApps": {},
                  "workers": "auto",
                  "maxConnections": 100000,
                  "timeouts": {
                    "headerSeconds": 20,
                    "idleSeconds": 75,
                    "stallSeconds": 30,
                    "shutdownSeconds": 30
                  },
                  "logLevel": "info",
                  "logFormat": "text",
                  "accessLog": "off"
                }

                """
        )
    }
}
