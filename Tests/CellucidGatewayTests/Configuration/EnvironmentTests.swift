import Testing

@testable import CellucidGateway

@Suite struct EnvironmentTests {
    @Test func everyOptionHasAVariable() throws {
        let configuration = try ConfigurationFixture.configuration(
            [],
            environment: [
                "CELLUCID_GATEWAY_ROOT": "a,b=/c",
                "CELLUCID_GATEWAY_HOST": "::",
                "CELLUCID_GATEWAY_PORT": "80",
                "CELLUCID_GATEWAY_TLS": "a.pem,b.pem",
                "CELLUCID_GATEWAY_TLS_KEY": "a.key,b.key",
                "CELLUCID_GATEWAY_WORKERS": "3",
                "CELLUCID_GATEWAY_BASE_PATH": "x",
                "CELLUCID_GATEWAY_ALLOWED_HOST": "a.org,b.org",
                "CELLUCID_GATEWAY_LOG_LEVEL": "error",
                "CELLUCID_GATEWAY_LOG_FORMAT": "json",
                "CELLUCID_GATEWAY_ACCESS_LOG": "stderr",
                "CELLUCID_GATEWAY_CACHE_DIR": "/c",
                "CELLUCID_GATEWAY_RECURSIVE": "1",
                "CELLUCID_GATEWAY_RESCAN_SECONDS": "9",
                "CELLUCID_GATEWAY_TRUSTED_PROXY": "10.0.0.1",
                "CELLUCID_GATEWAY_MAX_CONNECTIONS": "4",
                "CELLUCID_GATEWAY_HEADER_SECONDS": "5",
                "CELLUCID_GATEWAY_IDLE_SECONDS": "6",
                "CELLUCID_GATEWAY_STALL_SECONDS": "7",
                "CELLUCID_GATEWAY_SHUTDOWN_SECONDS": "8",
                "CELLUCID_GATEWAY_HTTP2": "off",
                "CELLUCID_GATEWAY_H2C": "0",
                "CELLUCID_GATEWAY_HTTP2_STREAMS": "9",
                "CELLUCID_GATEWAY_HTTP2_HEADER_BYTES": "2000",
                "CELLUCID_GATEWAY_HTTP2_CONTINUATIONS": "2",
                "CELLUCID_GATEWAY_HTTP2_RESETS": "10",
                "CELLUCID_GATEWAY_HTTP2_CONTROL_FRAMES": "11",
                "CELLUCID_GATEWAY_CONFIG": "",
                "CELLUCID_OTHER": "ignored",
            ]
        )
        var expected = ConfigurationFixture.defaults
        expected.roots = [RootOption(name: nil, path: "/work/a"), RootOption(name: "b", path: "/c")]
        expected.host = "::"
        expected.requestedPort = 80
        expected.tls = [
            TLSCertificateOption(certificate: "/work/a.pem", key: "/work/a.key"),
            TLSCertificateOption(certificate: "/work/b.pem", key: "/work/b.key"),
        ]
        expected.workers = 3
        expected.basePath = "/x/"
        expected.allowedHosts = ["a.org", "b.org"]
        expected.logLevel = .error
        expected.logFormat = .json
        expected.accessLog = .stderr
        expected.cacheDirectory = "/c"
        expected.recursive = true
        expected.rescanSeconds = 9
        expected.trustedProxies = ["10.0.0.1"]
        expected.maxConnections = 4
        expected.timeouts = .init(headerSeconds: 5, idleSeconds: 6, stallSeconds: 7, shutdownSeconds: 8)
        expected.http2 = .init(
            isEnabled: false,
            isCleartextAllowed: false,
            maxStreams: 9,
            maxHeaderBytes: 2000,
            maxContinuations: 2,
            resetsPerSecond: 10,
            controlFramesPerSecond: 11
        )
        #expect(configuration == expected)
    }

    @Test(arguments: [
        (
            "CELLUCID_GATEWAY_PROT", "1",
            "unknown environment variable CELLUCID_GATEWAY_PROT; the nearest known one is CELLUCID_GATEWAY_PORT"
        ),
        (
            "CELLUCID_GATEWAY_PORT", "tcp://10.0.0.1:80",
            #"CELLUCID_GATEWAY_PORT: expected a whole number from 0 to 65535 or "auto", got "tcp://10.0.0.1:80""#
        ),
        (
            "CELLUCID_GATEWAY_TLS_KEY", "k",
            "CELLUCID_GATEWAY_TLS_KEY: expected one key for each certificate (0), got 1"
        ),
    ])
    func mistakes(_ name: String, _ value: String, _ message: String) {
        #expect(ConfigurationFixture.message(["/d"], environment: [name: value]) == message)
    }

    @Test(
        arguments: [
            (["HOME": "/home/u"], "/home/u/.cache/cellucid-gateway"),
            (["HOME": "/home/u", "XDG_CACHE_HOME": "/x/"], "/x/cellucid-gateway"),
            (["HOME": "/home/u", "XDG_CACHE_HOME": "relative"], "/home/u/.cache/cellucid-gateway"),
            (["XDG_CACHE_HOME": "/x"], "/x/cellucid-gateway"),
        ] as [([String: String], String)]
    )
    func cacheDirectory(_ environment: [String: String], _ path: String) {
        #expect(Configuration(environment: environment).cacheDirectory == path)
    }

    @Test(
        arguments: [
            (["HOME": "/home/u"], "/home/u/.local/state/cellucid-gateway"),
            (["HOME": "/home/u", "XDG_STATE_HOME": "/x/"], "/x/cellucid-gateway"),
            (["HOME": "/home/u", "XDG_STATE_HOME": "relative"], "/home/u/.local/state/cellucid-gateway"),
        ] as [([String: String], String)]
    )
    func stateDirectory(_ environment: [String: String], _ path: String) {
        #expect(Configuration(environment: environment).stateDirectory == path)
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "relative"]])
    func cacheDirectoryWithoutHome(_ environment: [String: String]) {
        #expect(
            Configuration(environment: environment).cacheDirectory.hasPrefix("/var/tmp/cellucid-gateway-")
        )
    }
}
