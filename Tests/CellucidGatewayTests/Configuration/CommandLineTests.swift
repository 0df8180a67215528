import FoundationEssentials
import Testing

@testable import CellucidGateway

@Suite struct CommandLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let change: @Sendable (inout Configuration) -> Void
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String..., change: @escaping @Sendable (inout Configuration) -> Void) {
            self.arguments = arguments
            self.change = change
        }
    }

    @Test(arguments: [
        Case("--port", "9000") { $0.requestedPort = 9000 },
        Case("--port=8765") { $0.portIsExplicit = true },
        Case("-p", "1") { $0.requestedPort = 1 },
        Case("-p=2") { $0.requestedPort = 2 },
        Case("-p", "1", "--port", "3") { $0.requestedPort = 3 },
        Case("-p", "1", "--port", "auto") { _ in },
        Case("--host", "[::1]") { $0.host = "::1" },
        Case("--host", "fe80::1%eth0") { $0.host = "fe80::1%eth0" },
        Case("--host", "localhost") { $0.host = "localhost" },
        Case("--tls", "a.pem", "--tls=/b.pem") {
            $0.tls = [.init(certificate: "/work/a.pem"), .init(certificate: "/b.pem")]
        },
        Case("--tls-key", "k.pem", "--tls", "a.pem") {
            $0.tls = [.init(certificate: "/work/a.pem", key: "/work/k.pem")]
        },
        Case("--workers", "256") { $0.workers = 256 },
        Case("--workers", "auto") { $0.workers = nil },
        Case("--base-path", "/") { $0.basePath = "/" },
        Case("--base-path", "cells") { $0.basePath = "/cells/" },
        Case("--base-path", "/a/b~1/.c") { $0.basePath = "/a/b~1/.c/" },
        Case("--allowed-host", "Cells.Example.ORG", "--allowed-host", "*.lab.org", "--allowed-host=*") {
            $0.allowedHosts = ["cells.example.org", "*.lab.org", "*"]
        },
        Case("--allowed-host", "[FD00::1]", "--allowed-host", "10.0.0.1") {
            $0.allowedHosts = ["fd00::1", "10.0.0.1"]
        },
        Case("--log-level", "debug", "--log-format", "json") {
            $0.logLevel = .debug
            $0.logFormat = .json
        },
        Case("--access-log") { $0.accessLog = .stderr },
        Case("--access-log=off") { $0.accessLog = .off },
        Case("--access-log=logs/access.log") { $0.accessLog = .file("/work/logs/access.log") },
        Case("--cache-dir", "./cache/") { $0.cacheDirectory = "/work/cache" },
        Case("--cache-dir", "~/c") { $0.cacheDirectory = "/home/ada/c" },
        Case("--state-dir", "./state/") {
            $0.stateDirectory = "/work/state"
            $0.stateDirectoryIsExplicit = true
        },
        Case("--state-dir", "~/.local/state/cellucid-gateway") { $0.stateDirectoryIsExplicit = true },
        Case("--recursive") { $0.recursive = true },
        Case("--recursive=no") { $0.recursive = false },
        Case("--rescan-seconds", "5") { $0.rescanSeconds = 5 },
        Case("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1", "--trusted-proxy", "fd00::/0") {
            $0.trustedProxies = ["10.0.0.0/8", "::1", "fd00::/0"]
        },
        Case("--max-connections", "10") { $0.maxConnections = 10 },
        Case(
            "--header-seconds",
            "1",
            "--idle-seconds",
            "2",
            "--stall-seconds",
            "3",
            "--shutdown-seconds",
            "0"
        ) {
            $0.timeouts = .init(headerSeconds: 1, idleSeconds: 2, stallSeconds: 3, shutdownSeconds: 0)
        },
        Case("--http2", "false") { $0.http2.isEnabled = false },
        Case("--http2=off", "--http2", "on") { _ in },
        Case("--http2", "no", "--tls", "a.pem") {
            $0.http2.isEnabled = false
            $0.tls = [.init(certificate: "/work/a.pem")]
        },
        Case("--h2c") { $0.http2.isCleartextAllowed = true },
        Case("--h2c=yes") { $0.http2.isCleartextAllowed = true },
        Case("--h2c", "--h2c=false", "--tls", "a.pem") { $0.tls = [.init(certificate: "/work/a.pem")] },
        Case("--http2-streams", "1", "--http2-header-bytes=1024") {
            $0.http2.maxStreams = 1
            $0.http2.maxHeaderBytes = 1024
        },
        Case("--http2-streams=1000", "--http2-header-bytes", "1048576") {
            $0.http2.maxStreams = 1000
            $0.http2.maxHeaderBytes = 1_048_576
        },
        Case("--http2-continuations", "1", "--http2-resets", "1", "--http2-control-frames", "1") {
            $0.http2.maxContinuations = 1
            $0.http2.resetsPerSecond = 1
            $0.http2.controlFramesPerSecond = 1
        },
        Case("--http2-continuations=8", "--http2-resets=10000", "--http2-control-frames=100000") {
            $0.http2.maxContinuations = 8
            $0.http2.resetsPerSecond = 10_000
            $0.http2.controlFramesPerSecond = 100_000
        },
    ])
    func option(_ testCase: Case) throws {
        var expected = ConfigurationFixture.defaults
        expected.roots = [RootOption(name: nil, path: "/data")]
        testCase.change(&expected)
        #expect(try ConfigurationFixture.configuration(testCase.arguments + ["--root", "/data"]) == expected)
        #expect(try ConfigurationFixture.configuration(["serve", "/data"] + testCase.arguments) == expected)
    }

    @Test(
        arguments: [
            (["a"], [RootOption(name: nil, path: "/work/a")]),
            (["serve", "a"], [RootOption(name: nil, path: "/work/a")]),
            (
                ["--root", "b", "serve", "serve"],
                [.init(name: nil, path: "/work/b"), .init(path: "/work/serve")]
            ),
            (["--", "serve", "--port"], [.init(path: "/work/serve"), .init(path: "/work/--port")]),
            (["--root", "b.1=/d/e", "c"], [.init(name: "b.1", path: "/d/e"), .init(path: "/work/c")]),
            (["x=y"], [.init(name: "x", path: "/work/y")]),
            (["--root=x=y=z"], [.init(name: "x", path: "/work/y=z")]),
            (["./x=y"], [.init(path: "/work/x=y")]),
            (["--root=-x=y"], [.init(path: "/work/-x=y")]),
            (["."], [.init(path: "/work")]),
            (["../up//./x/"], [.init(path: "/work/../up/x")]),
            (["-"], [.init(path: "/work/-")]),
        ] as [([String], [RootOption])]
    )
    func roots(_ arguments: [String], _ roots: [RootOption]) throws {
        #expect(try ConfigurationFixture.configuration(arguments).roots == roots)
    }

    @Test func existingFolderIsNotAName() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-" + UUID().uuidString)
        try FileManager.default.createDirectory(
            at: folder.appending(path: "a=b"),
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        let invocation = try Invocation.parse(
            arguments: ["a=b", "a=c"],
            environment: [:],
            currentDirectory: folder.path
        )
        guard case .serve(let configuration) = invocation else {
            throw ConfigurationFixture.Unexpected(invocation: invocation)
        }
        #expect(configuration.roots.map(\.name) == [nil, "a"])
        #expect(configuration.roots[0].path.hasSuffix("/a=b"))
    }

    @Test(
        arguments: [
            (["--help"], .help), (["-h", "--nonsense"], .help), (["check", "--help"], .help),
            (["--version"], .version), (["--port", "99999", "-V"], .version),
        ] as [([String], Invocation)]
    )
    func questions(_ arguments: [String], _ invocation: Invocation) throws {
        #expect(try ConfigurationFixture.parse(arguments) == invocation)
    }

    @Test(arguments: [["check", "/d"], ["--root", "/d", "check"], ["--port", "auto", "check", "--", "/d"]])
    func check(_ arguments: [String]) throws {
        var expected = ConfigurationFixture.defaults
        expected.roots = [RootOption(name: nil, path: "/d")]
        #expect(try ConfigurationFixture.parse(arguments) == .check(expected))
    }

    @Test(
        arguments: [
            ([], "no --root given; try gateway --root DIR (see gateway --help)"),
            (["check"], "no --root given; try gateway --root DIR (see gateway --help)"),
            (["--prot", "1"], "unknown option --prot; did you mean --port?"),
            (["--prot=1"], "unknown option --prot; did you mean --port?"),
            (["-port"], "unknown option -port; did you mean --port?"),
            (["--alowed-hosts"], "unknown option --alowed-hosts; did you mean --allowed-host?"),
            (["--nonsense"], "unknown option --nonsense; see gateway --help"),
            (["-x=y"], "unknown option -x; see gateway --help"),
            (["--roo\nt"], #"unknown option --roo\nt; did you mean --root?"#),
            (["--help=no"], "--help: takes no value"),
            (["--root"], "--root DIR: value missing, expected a folder, or a name and a folder"),
            (["--root", "--port"], "--root DIR: value missing, expected a folder, or a name and a folder"),
            (["--config"], "--config FILE: value missing, expected a file"),
            (["--root", ""], #"--root: expected a folder, or a name and a folder, got """#),
            ([""], #"--root: expected a folder, or a name and a folder, got """#),
            (["a="], #"--root: expected a folder after "=", got "a=""#),
            (["--port", "abc"], #"--port: expected a whole number from 0 to 65535 or "auto", got "abc""#),
            (["--port="], #"--port: expected a whole number from 0 to 65535 or "auto", got """#),
            (["-p", "65536"], #"--port: expected a whole number from 0 to 65535 or "auto", got "65536""#),
            (["--workers", "0"], #"--workers: expected a whole number from 1 to 256 or "auto", got "0""#),
            (
                ["--idle-seconds", "1.5"],
                #"--idle-seconds: expected a whole number from 1 to 86400, got "1.5""#
            ),
            (
                ["--rescan-seconds=-1"],
                #"--rescan-seconds: expected a whole number from 1 to 86400, got "-1""#
            ),
            (
                ["--log-level", "INFO"],
                #"--log-level: expected one of error, warning, info, debug, got "INFO""#
            ),
            (["--log-format", "xml"], #"--log-format: expected one of text, json, got "xml""#),
            (["--recursive=maybe"], #"--recursive: expected true or false, got "maybe""#),
            (["--access-log="], #"--access-log: expected off, stderr or a file, got """#),
            (["--tls-key", "k"], "--tls-key: expected one key for each certificate (0), got 1"),
            (
                ["--tls", "a", "--tls", "b", "--tls-key", "k"],
                "--tls-key: expected one key for each certificate (2), got 1"
            ),
            (["--h2c=maybe"], #"--h2c: expected true or false, got "maybe""#),
            (["--http2"], "--http2 BOOLEAN: value missing, expected true or false"),
            (["--http2c"], "unknown option --http2c; did you mean --http2?"),
            (
                ["--http2-streams", "0"],
                #"--http2-streams: expected a whole number from 1 to 1000, got "0""#
            ),
            (["/d", "--h2c", "--tls", "a"], ConfigurationFixture.cleartextWithTLS),
            (["check", "/d", "--tls", "a", "--h2c=1"], ConfigurationFixture.cleartextWithTLS),
        ] as [([String], String)]
    )
    func mistakes(_ arguments: [String], _ message: String) {
        #expect(ConfigurationFixture.message(arguments) == message)
    }

    @Test(arguments: [
        ("--host", "127.0.0.1:80"), ("--host", "a b"), ("--host", "::1]"), ("--host", "fe80::1%"),
        ("--host", "1.2.3"),
        ("--host", "*"), ("--host", "-a"), ("--host", ""), ("--host", "a..b"),
        ("--base-path", ""), ("--base-path", "//"), ("--base-path", "a//b"), ("--base-path", "/../a"),
        ("--base-path", "a/."), ("--base-path", "a b"), ("--base-path", "a%20b"), ("--base-path", "ä"),
        ("--allowed-host", "a.org:80"), ("--allowed-host", "a.*"), ("--allowed-host", "*."),
        ("--allowed-host", "**"),
        ("--allowed-host", "http://a.org"), ("--allowed-host", "a,b"), ("--allowed-host", "*.*.org"),
        ("--trusted-proxy", "10.0.0.0/33"), ("--trusted-proxy", "10.0.0.0/"), ("--trusted-proxy", "10.0.0/8"),
        ("--trusted-proxy", "::/129"), ("--trusted-proxy", "::1/+1"), ("--trusted-proxy", "proxy.org"),
        ("--trusted-proxy", "1.2.3.4\0"), ("--cache-dir", "a\0b"),
        ("--header-seconds", "99999999999999999999"),
        ("--http2-streams", "1001"), ("--http2-streams", "auto"), ("--http2-header-bytes", "1023"),
        ("--http2-header-bytes", "1048577"), ("--http2-continuations", "0"), ("--http2-continuations", "9"),
        ("--http2-resets", "0"), ("--http2-resets", "10001"), ("--http2-control-frames", "0"),
        ("--http2-control-frames", "100001"), ("--http2", ""), ("--http2", "2"), ("--h2c", ""),
    ])
    func badValues(_ flag: String, _ value: String) {
        let message = ConfigurationFixture.message(["/d", flag + "=" + value])
        #expect(message?.hasPrefix(flag + ": expected ") == true, "\(message ?? "accepted")")
    }

    @Test func messagesStayShort() {
        let message = ConfigurationFixture.message(["/d", "--host", String(repeating: "x.", count: 500)])
        #expect(message?.utf8.count ?? .max < 160)
    }
}
