import FoundationEssentials
import Testing

@testable import CellucidGateway

@Suite struct ConfigurationFileTests {
    @Test func precedence() throws {
        let text =
            "{ roots: '/file', port: 1, host: 'file', workers: 1, allowedHosts: ['a', 'b'], logLevel: 'error' }"
        try ConfigurationFixture.withFile(text) { file in
            let environment = [
                "CELLUCID_GATEWAY_CONFIG": file, "CELLUCID_GATEWAY_PORT": "2", "CELLUCID_GATEWAY_HOST": "env",
                "CELLUCID_GATEWAY_ALLOWED_HOST": "c",
            ]
            let configuration = try ConfigurationFixture.configuration(
                ["--port", "3"],
                environment: environment
            )
            var expected = ConfigurationFixture.defaults
            expected.roots = [RootOption(name: nil, path: "/file")]
            expected.requestedPort = 3
            expected.host = "env"
            expected.workers = 1
            expected.allowedHosts = ["c"]
            expected.logLevel = .error
            #expect(configuration == expected)
        }
    }

    @Test func fileOfTheCommandLineCountsInsteadOfTheOneOfTheEnvironment() throws {
        try ConfigurationFixture.withFile("{ roots: '/file' }") { file in
            let environment = ["CELLUCID_GATEWAY_CONFIG": "/nowhere/missing.json5"]
            let configuration = try ConfigurationFixture.configuration(
                ["--config", "/nowhere/first.json5", "--config", file],
                environment: environment
            )
            #expect(configuration.roots.map(\.path) == ["/file"])
        }
    }

    @Test func certificatesOfAFlagHideThoseOfTheFileWithTheirKeys() throws {
        try ConfigurationFixture.withFile("{ roots: '/d', tls: {certificate: '/a', key: '/k'} }") { file in
            let configuration = try ConfigurationFixture.configuration(["--config", file, "--tls", "/b"])
            #expect(configuration.tls == [TLSCertificateOption(certificate: "/b", key: nil)])
        }
    }

    @Test func cleartextAndCertificatesOfTwoPlacesExcludeEachOtherToo() throws {
        let cleartext = ["CELLUCID_GATEWAY_H2C": "true"]
        try ConfigurationFixture.withFile("{ roots: '/d', tls: '/a' }") { file in
            let arguments = ["--config", file]
            #expect(
                ConfigurationFixture.message(arguments, environment: cleartext)
                    == ConfigurationFixture.cleartextWithTLS
            )
            #expect(ConfigurationFixture.message(arguments + ["--h2c=no"], environment: cleartext) == nil)
        }
        try ConfigurationFixture.withFile("{ roots: '/d', http2: {cleartext: true} }") { file in
            let arguments = ["--config", file]
            let configuration = try ConfigurationFixture.configuration(arguments)
            #expect(configuration.http2.isCleartextAllowed)
            #expect(
                ConfigurationFixture.message(arguments + ["--tls", "/a"])
                    == ConfigurationFixture.cleartextWithTLS
            )
        }
    }

    @Test func relativePathsAreRelativeToTheFile() throws {
        let text = """
            {
              roots: ["a", {name: "b", path: "../b"}, {path: "/c"}, "x=y"],
              tls: ["cert.pem", {certificate: "~/c.pem", key: "k.pem"}],
              cacheDirectory: "cache", accessLog: "access.log",
            }
            """
        try ConfigurationFixture.withFile(text) { file in
            let folder = PathBase.parent(of: file)
            let configuration = try ConfigurationFixture.configuration(["--config", file])
            #expect(
                configuration.roots == [
                    RootOption(name: nil, path: folder + "/a"), RootOption(name: "b", path: folder + "/../b"),
                    RootOption(name: nil, path: "/c"), RootOption(name: nil, path: folder + "/x=y"),
                ]
            )
            #expect(
                configuration.tls == [
                    TLSCertificateOption(certificate: folder + "/cert.pem", key: nil),
                    TLSCertificateOption(certificate: "/home/ada/c.pem", key: folder + "/k.pem"),
                ]
            )
            #expect(configuration.cacheDirectory == folder + "/cache")
            #expect(configuration.accessLog == .file(folder + "/access.log"))
        }
    }

    @Test(arguments: [
        ("{", "not valid JSON5, see line 1"),
        ("", "not valid JSON5, see line 1"),
        ("{port: 1} x", "not valid JSON5, see line 1"),
        ("{\n  port: 1\n  host: 'a'\n}", "not valid JSON5, see line 3"),
        ("{ port: 0x }", "not valid JSON5"),
        ("[]", "expected an object { ... }"),
        ("{prot: 1}", "prot: unknown key; did you mean port?"),
        ("{timeout: {}}", "timeout: unknown key; did you mean timeouts?"),
        ("{zzzzzz: 1}", "zzzzzz: unknown key"),
        ("{portIsExplicit: true}", "portIsExplicit: unknown key"),
        ("{http2: true}", "http2: expected an object { ... }, got true"),
        ("{http2: {cleartext: 'yes'}}", #"http2.cleartext: expected true or false, got "yes""#),
        ("{http2: {maxStream: 1}}", "http2.maxStream: unknown key; did you mean maxStreams?"),
        (
            "{http2: {resetsPerSecond: 0}}",
            "http2.resetsPerSecond: expected a whole number from 1 to 10000, got 0"
        ),
        ("{timeouts: {idleSecond: 1}}", "timeouts.idleSecond: unknown key; did you mean idleSeconds?"),
        (
            "{'timeouts.idleSeconds': 0}",
            "timeouts.idleSeconds: expected a whole number from 1 to 86400, got 0"
        ),
        ("{timeouts: 5}", "timeouts: expected an object { ... }, got 5"),
        (
            "{timeouts: {idleSeconds: '5'}}",
            #"timeouts.idleSeconds: expected a whole number from 1 to 86400, got "5""#
        ),
        (
            "{timeouts: {idleSeconds: 0}}",
            "timeouts.idleSeconds: expected a whole number from 1 to 86400, got 0"
        ),
        (
            "{timeouts: {idleSeconds: 1.5}}",
            "timeouts.idleSeconds: expected a whole number from 1 to 86400, got 1.5"
        ),
        ("{port: null}", #"port: expected a whole number from 0 to 65535 or "auto", got null"#),
        ("{port: '80'}", #"port: expected a whole number from 0 to 65535 or "auto", got "80""#),
        ("{port: [80]}", #"port: expected a whole number from 0 to 65535 or "auto", got [80]"#),
        ("{recursive: 'true'}", #"recursive: expected true or false, got "true""#),
        ("{recursive: 1}", "recursive: expected true or false, got 1"),
        (
            "{host: {a: [1, 'x']}}",
            #"host: expected an IP address or a host name, without port, got {"a": [1, "x"]}"#
        ),
        ("{logLevel: 'loud'}", #"logLevel: expected one of error, warning, info, debug, got "loud""#),
        ("{roots: [1]}", "roots[0]: expected a folder, or a name and a folder, got 1"),
        ("{roots: ['/a', {name: 'b'}]}", #"roots[1]: expected an object with "path", got {"name": "b"}"#),
        ("{roots: [{nam: 'b', path: '/a'}]}", "roots[0].nam: unknown key; did you mean name?"),
        ("{roots: [{name: 1, path: '/a'}]}", "roots[0].name: expected a string, got 1"),
        (
            "{roots: {name: 'a/b', path: '/a'}}",
            #"roots.name: expected a name of letters, digits, ".", "_" and "-", got "a/b""#
        ),
        ("{roots: {path: ''}}", #"roots.path: expected a path, got """#),
        ("{tls: [{key: 'k'}]}", #"tls[0]: expected an object with "certificate", got {"key": "k"}"#),
        ("{tls: {certificate: 'c', keys: []}}", "tls.keys: unknown key; did you mean key?"),
        (
            "{allowedHosts: ['a', 'b:1']}",
            #"allowedHosts[1]: expected a host name without port, *.domain or *, got "b:1""#
        ),
        (
            "{trustedProxies: ['x']}",
            #"trustedProxies[0]: expected an IP address or a network such as 10.0.0.0/8, got "x""#
        ),
    ])
    func mistakes(_ text: String, _ problem: String) throws {
        try ConfigurationFixture.withFile(text) { file in
            #expect(ConfigurationFixture.message(["/d", "--config", file]) == file + ": " + problem)
        }
    }

    @Test func filesThatCannotBeRead() throws {
        try ConfigurationFixture.withFile(String(repeating: " ", count: 1 << 20) + "{}") { file in
            let folder = PathBase.parent(of: file)
            #expect(
                ConfigurationFixture.message(["--config", folder])
                    == folder + ": expected a configuration file, got a folder"
            )
            #expect(
                ConfigurationFixture.message(["--config", folder + "/x"])
                    == folder + "/x: no such configuration file"
            )
            #expect(
                ConfigurationFixture.message(["--config", file])
                    == file + ": a configuration file has at most 1048576 bytes, this one 1048578"
            )
        }
        #expect(ConfigurationFixture.message(["--config="]) == #"--config: expected a file, got """#)
    }

    @Test(arguments: ["[", "{a:"])
    func deepNestingIsAnErrorAndNoCrash(_ opening: String) throws {
        try ConfigurationFixture.withFile(String(repeating: opening, count: 100_000)) { file in
            #expect(ConfigurationFixture.message(["--config", file])?.contains("not valid JSON5") == true)
        }
    }
}
