import Testing

@testable import CellucidGateway

/// Running servers in the configuration.
@Suite struct UpstreamConfigurationTests {
    private func upstreams(_ arguments: [String]) throws -> Configuration.Upstreams {
        try ConfigurationFixture.configuration(arguments).upstreams
    }

    /// The message for a configuration file, which is called FILE in it; nil if it is sound.
    private func message(file text: String) throws -> String? {
        try ConfigurationFixture.withFile(text) { file in
            ConfigurationFixture.message(["--config", file])?.replacing(file, with: "FILE")
        }
    }

    // MARK: The command line

    @Test(
        arguments: [
            ("nb=http://127.0.0.1:8766", "nb", "http://127.0.0.1:8766"),
            ("nb=http://127.0.0.1:8766/", "nb", "http://127.0.0.1:8766"),
            ("A.b_c-1=HTTPS://Host:443", "A.b_c-1", "https://host"),
            ("nb=http://[::1]:8766", "nb", "http://[::1]:8766"), ("nb=http://host:80", "nb", "http://host"),
            ("nb=unix:/run/a=b.sock", "nb", "unix:/run/a=b.sock"), ("nb=unix:/a b", "nb", "unix:/a b"),
        ]
    )
    func flags(text: String, mount: String, url: String) throws {
        #expect(try upstreams(["--upstream", text]).servers == [UpstreamOption(mount: mount, url: url)])
    }

    /// They are enough: no folder is needed.
    @Test func severalWithoutARoot() throws {
        let configuration = try ConfigurationFixture.configuration([
            "--upstream", "b=http://h:1", "--upstream=a=unix:/s", "--upstream-seconds", "7", "--upstream-ca",
            "ca.pem",
        ])
        #expect(configuration.roots.isEmpty)
        #expect(configuration.upstreams.servers.map(\.mount) == ["b", "a"])
        #expect(configuration.upstreams.answerSeconds == 7)
        #expect(configuration.upstreams.certificateAuthorities == "/work/ca.pem")
        #expect(ConfigurationFixture.defaults.upstreams == Configuration.Upstreams())
    }

    private static let mountRule =
        "a mount of letters, digits, \".\", \"_\" and \"-\" that is none of the gateway's own paths"
    private static let urlRule = "http://host:port, https://host:port or unix:/path"
    private static let wholeRule = "a mount and the URL of a running server, MOUNT=http://127.0.0.1:8766"

    @Test(
        arguments: [
            ("nb", "expected \(wholeRule), got \"nb\""), ("", "expected \(wholeRule), got \"\""),
            ("http://127.0.0.1:8766", "expected \(wholeRule), got \"http://127.0.0.1:8766\""),
            ("a/b=http://h:1", "expected \(mountRule), got \"a/b\""),
            ("a b=http://h:1", "expected \(mountRule), got \"a b\""),
            ("_cellucid=http://h:1", "expected \(mountRule), got \"_cellucid\""),
            ("assets=http://h:1", "expected \(mountRule), got \"assets\""),
            (".a=http://h:1", "expected \(mountRule), got \".a\""),
            ("é=http://h:1", "expected \(mountRule), got \"é\""),
            ("nb=h:1", "expected \(urlRule), got \"h:1\""),
            ("nb=ftp://h", "expected \(urlRule), got \"ftp://h\""),
            ("nb=http://", "expected \(urlRule), got \"http://\""),
            ("nb=http://h:1/path", "expected \(urlRule), got \"http://h:1/path\""),
            ("nb=http://h:1?q", "expected \(urlRule), got \"http://h:1?q\""),
            ("nb=http://u:secret@h", "expected \(urlRule), got \"http://…@h\""),
            ("http://u:secret@h", "expected \(wholeRule), got \"http://…@h\""),
            ("nb=http://h:99999", "expected \(urlRule), got \"http://h:99999\""),
            ("nb=unix:relative", "expected \(urlRule), got \"unix:relative\""),
            ("nb=unix:", "expected \(urlRule), got \"unix:\""), ("nb=unix://h/s", nil),
        ] as [(String, String?)]
    )
    func mistakes(text: String, problem: String?) {
        let message = ConfigurationFixture.message(["--upstream", text])
        #expect(message == problem.map { "--upstream: \($0)" })
    }

    @Test func longSocketPath() {
        let path = "unix:/" + String(repeating: "a", count: 120)
        let message = ConfigurationFixture.message(["--upstream", "nb=\(path)"])
        #expect(message?.hasPrefix("--upstream: expected \(Self.urlRule), got \"unix:/aaa") == true)
    }

    @Test(arguments: ["0", "86401", "x", "-1"]) func seconds(text: String) {
        #expect(
            ConfigurationFixture.message(["/d", "--upstream-seconds=\(text)"])?.hasPrefix(
                "--upstream-seconds: "
            ) == true
        )
    }

    // MARK: The file

    @Test func inTheFile() throws {
        let text = """
            {
              datasets: [
                { mount: "a", kind: "upstream", url: "http://h:1", name: "The lab", generation: "0.9.1", webApp: "g0" },
                { mount: "b", url: "unix:/run/b.sock", generation: "auto", webApp: "upstream" },
                "c=https://example.org/",
                { mount: "d", url: "http://h:2", webApp: "default" },
              ],
              webApps: { g0: {} },
              upstreams: { answerSeconds: 5, certificateAuthorities: "ca.pem" },
            }
            """
        let upstreams = try ConfigurationFixture.withFile(text) { file in
            try self.upstreams(["--config", file])
        }
        #expect(
            upstreams.servers == [
                UpstreamOption(
                    mount: "a",
                    url: "http://h:1",
                    name: "The lab",
                    generation: .second,
                    webApp: "g0"
                ),
                UpstreamOption(mount: "b", url: "unix:/run/b.sock", webApp: "upstream"),
                UpstreamOption(mount: "c", url: "https://example.org"),
                UpstreamOption(mount: "d", url: "http://h:2", webApp: "default"),
            ]
        )
        #expect(upstreams.answerSeconds == 5)
        #expect(upstreams.certificateAuthorities?.hasSuffix("/ca.pem") == true)
    }

    /// One without a list is meant as well, and flags take the place of the file's.
    @Test func oneInTheFile() throws {
        try ConfigurationFixture.withFile("{ datasets: \"a=http://h:1\" }") { file in
            let both = try [[], ["--upstream", "b=http://h:1"]].map { more in
                try upstreams(["--config", file] + more).servers.map(\.mount)
            }
            #expect(both == [["a"], ["b"]])
        }
    }

    @Test(
        arguments: [
            (#"{ url: "http://h:1" }"#, "[0]: expected an object with mount and url, got"),
            (#"{ mount: "a" }"#, "[0]: expected an object with mount and url, got"),
            ("{}", "[0]: expected an object with mount and url, got"),
            (
                #"{ mount: "a", url: "http://h:1", kind: "folder" }"#,
                #"[0].kind: expected "upstream", got "folder""#
            ),
            (
                #"{ mount: "a", url: "http://h:1", genration: "auto" }"#,
                "[0].genration: unknown key; did you mean generation?"
            ),
            (#"{ mount: "a", url: "http://h:1", xyz: "auto" }"#, "[0].xyz: unknown key"),
            (#"{ mount: "a", url: 7 }"#, "[0].url: expected a string, got 7"),
            (
                #"{ mount: "a", url: "http://h:1", generation: "0.9" }"#,
                #"[0].generation: expected one of auto, 0.0.9, 0.9.1, 0.9.5, got "0.9""#
            ),
            (#"{ mount: "a/b", url: "http://h:1" }"#, "[0]: expected a mount of letters"),
            (
                #"{ mount: "a", url: "h:1" }"#,
                "[0]: expected http://host:port, https://host:port or unix:/path, got"
            ),
            (#""a=http://h:1", { mount: "b", url: "x" }"#, "[1]: expected http://host:port"),
            ("7", "[0]: expected a mount and the URL"),
            ("null", "[0]: expected a mount and the URL"),
            (#"["a=http://h:1"]"#, "[0]: expected a mount and the URL"),
        ]
    )
    func mistakesInTheFile(entries: String, problem: String) throws {
        let message = try #require(try message(file: "{ datasets: [\(entries)] }"))
        #expect(message.hasPrefix("FILE: datasets\(problem)"), "\(message)")
    }

    // MARK: Together

    @Test(arguments: [["a", "a"], ["b", "a", "c", "a"]]) func twoOfOneMount(mounts: [String]) {
        let arguments = mounts.enumerated().flatMap { ["--upstream", "\($1)=http://h:\($0 + 1)"] }
        #expect(ConfigurationFixture.message(arguments) == "--upstream: two servers have the mount \"a\"")
    }

    /// Two mounts may lead to one server.
    @Test func oneServerTwice() throws {
        #expect(
            try upstreams(["--upstream", "a=http://h:1", "--upstream", "b=http://h:1"]).servers.count == 2
        )
    }

    @Test func unknownWebApp() throws {
        let text = #"{ datasets: { mount: "a", url: "http://h:1", webApp: "g9" } }"#
        #expect(
            try message(file: text)
                == "no web app is called \"g9\"; name it with --web-app g9=URL (webApps in the configuration file)"
        )
        try ConfigurationFixture.withFile(text) { file in
            #expect(ConfigurationFixture.message(["--config", file, "--web-app", "g9"]) == nil)
        }
    }

    /// Names that mean something else already.
    @Test(arguments: ["default", "upstream"]) func reservedWebApps(name: String) {
        #expect(
            ConfigurationFixture.message(["/d", "--web-app", name])
                == "--web-app: expected a name of letters, digits, \"_\" and \"-\" other than \"default\" and \"upstream\", "
                + "and perhaps a URL, NAME=https://viewer.example.org, got \"\(name)\""
        )
    }

    /// What the backends are made of.
    @Test func specifications() throws {
        var configuration = ConfigurationFixture.defaults
        configuration.upstreams.servers = [
            UpstreamOption(mount: "a", url: "http://h:1", name: "A", generation: .third, webApp: "g0"),
            UpstreamOption(mount: "b", url: "unix:/run/b.sock"),
        ]
        let specifications = BackendHost.specifications(configuration)
        #expect(
            specifications == [
                try BackendFixture.specification(
                    "a",
                    url: "http://h:1",
                    name: "A",
                    generation: .third,
                    webApp: "g0",
                    isConfigured: true
                ),
                try BackendFixture.specification("b", url: "unix:/run/b.sock", isConfigured: true),
            ]
        )
        #expect(specifications[1].origin.socketPath == "/run/b.sock")
    }
}
