import Glibc
import TestSupport
import Testing

/// What the program makes of its arguments, its environment and its configuration file.
struct CommandLineTests {
    private typealias Gateway = GatewayProcessUnderTest

    // MARK: Refusals

    /// A mistake, the exit code it ends with, and what the one line on stderr has to say about it.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let code: Int32
        let words: [String]
        var environment: [String: String] = [:]
        var testDescription: String { (arguments + environment.map { "\($0)=\($1)" }).joined(separator: " ") }
    }

    @Test(
        "A mistake ends the program with its exit code and one line",
        arguments: [
            Mistake(arguments: ["--prot", "80", "."], code: 2, words: ["--prot", "did you mean --port?"]),
            Mistake(arguments: ["--bse-path=/a", "."], code: 2, words: ["--bse-path", "--base-path?"]),
            Mistake(arguments: ["--frobnicate", "."], code: 2, words: ["--frobnicate", "--help"]),
            Mistake(arguments: ["-x", "."], code: 2, words: ["-x"]),
            Mistake(arguments: [], code: 2, words: ["--root"]),
            Mistake(arguments: ["--port"], code: 2, words: ["--port", "missing"]),
            Mistake(arguments: ["--port", "70000", "."], code: 2, words: ["--port", "65535", "70000"]),
            Mistake(arguments: ["--workers", "0", "."], code: 2, words: ["--workers", "1 to 256"]),
            Mistake(
                arguments: ["--log-level", "loud", "."],
                code: 2,
                words: ["--log-level", "warning", "loud"]
            ),
            Mistake(arguments: ["--version=1"], code: 2, words: ["--version"]),
            Mistake(arguments: ["--tls-key", "k.pem", "."], code: 2, words: ["--tls-key"]),
            Mistake(arguments: ["--config", "none.json5"], code: 2, words: ["none.json5", "no such"]),
            Mistake(arguments: ["none"], code: 3, words: ["/none", "no such file or directory"]),
            Mistake(arguments: ["."], code: 3, words: ["no dataset", "dataset_identity.json", "points"]),
            Mistake(arguments: [Repository.demo, "none"], code: 3, words: ["/none"]),
            Mistake(
                arguments: ["--access-log=/dev/null/log", Repository.demo],
                code: 1,
                words: ["/dev/null/log"]
            ),
            Mistake(arguments: ["--tls", "none.pem", Repository.demo], code: 1, words: ["none.pem"]),
            Mistake(
                arguments: ["--host", "192.0.2.1", Repository.demo],
                code: 1,
                words: ["192.0.2.1", "--host"]
            ),
            Mistake(
                arguments: ["."],
                code: 2,
                words: ["CELLUCID_GATEWAY_PROT", "CELLUCID_GATEWAY_PORT"],
                environment: ["CELLUCID_GATEWAY_PROT": "1"]
            ),
            Mistake(
                arguments: ["."],
                code: 2,
                words: ["CELLUCID_GATEWAY_WORKERS", "many"],
                environment: ["CELLUCID_GATEWAY_WORKERS": "many"]
            ),
        ]
    )
    func mistakes(mistake: Mistake) throws {
        let result = try Gateway.run(mistake.arguments, environment: mistake.environment)
        #expect(result.ending == .exit(mistake.code))
        #expect(result.output.isEmpty)
        #expect(result.error.hasPrefix("gateway: "))
        #expect(
            result.error.split(separator: "\n").count == 1 && result.error.hasSuffix("\n"),
            "\(result.error)"
        )
        for word in mistake.words { #expect(result.error.contains(word), "\(word): \(result.error)") }
    }

    @Test("A root whose only dataset is broken is refused with the reason")
    func brokenRoot() throws {
        let folder = TemporaryDirectory()
        var fixture = ExportFixture()
        fixture.files["obs_manifest.json"] = nil
        fixture.write("cells", in: folder)
        let result = try Gateway.run([folder.path])
        #expect(result.ending == .exit(3))
        #expect(result.error.contains("cells: obs_manifest.json is missing"))
        #expect(result.error.split(separator: "\n").count == 1)
    }

    @Test(
        "A mistake in the configuration file is reported with the file and the key",
        arguments: [
            (#"{ roots: ["."], prot: 1 }"#, ["prot: unknown key", "did you mean port?"]),
            (#"{ roots: ["."], timeouts: { idelSeconds: 1 } }"#, ["timeouts.idelSeconds", "idleSeconds?"]),
            (#"{ roots: ["."], port: "high" }"#, ["port: ", "65535", #""high""#]),
            (#"{ roots: ["."], port: [] }"#, ["port: "]),
            (#"{ roots: ["."], recursive: "maybe" }"#, ["recursive: ", "maybe"]),
            (#"{ roots: ["."], timeouts: 5 }"#, ["timeouts: ", "5"]),
            (#"{ roots: ["."], workers: 1.5 }"#, ["workers: ", "1.5"]),
            ("{\n roots: [\".\"],\n port: 1,,\n}", ["JSON5", "line 3"]),
            ("[]", ["object"]),
            ("", ["JSON5"]),
        ]
    )
    func fileMistakes(text: String, words: [String]) throws {
        let folder = TemporaryDirectory()
        folder.write("gateway.json5", text)
        let result = try Gateway.run(["--config", folder("gateway.json5")])
        #expect(result.ending == .exit(2))
        #expect(result.error.hasPrefix("gateway: \(folder("gateway.json5")): "), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
        for word in words { #expect(result.error.contains(word), "\(word): \(result.error)") }
    }

    // MARK: Questions

    @Test("--version prints one line", arguments: ["--version", "-V"])
    func version(flag: String) throws {
        let result = try Gateway.run([flag])
        #expect(result.ending == .exit(0))
        #expect(result.output.wholeMatch(of: /gateway \d+\.\d+\.\d+\n/) != nil, "\(result.output)")
        #expect(result.error.isEmpty)
    }

    @Test("--help prints the options and the exit codes", arguments: ["--help", "-h"])
    func help(flag: String) throws {
        let result = try Gateway.run([flag])
        #expect(result.ending == .exit(0))
        #expect(result.error.isEmpty)
        for word in ["Usage: gateway", "--root", "--port", "--tls", "CELLUCID_GATEWAY_", "Exit codes:"] {
            #expect(result.output.contains(word))
        }
    }

    @Test("check prints the merged configuration, which is a configuration file itself")
    func check() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("cells", in: folder)
        folder.write("a.json5", "{ roots: 'cells', port: 1111, basePath: '/x', allowedHosts: ['a.example'] }")
        let arguments = ["check", "--workers", "3", "--config"]
        let first = try Gateway.run(arguments + [folder("a.json5")])
        #expect(first.ending == .exit(0))
        #expect(first.error.isEmpty)
        let document = try JSON(Array(first.output.utf8))
        #expect(document["roots"] == .array([.string(folder("cells"))]))
        #expect(document["port"] == .number(1111))
        #expect(document["basePath"] == .string("/x/"))
        #expect(document["workers"] == .number(3))
        #expect(document["allowedHosts"] == .array([.string("a.example")]))
        #expect(document["timeouts"]?["idleSeconds"] == .number(75))
        folder.write("b.json5", first.output)
        let second = try Gateway.run(["check", "--config", folder("b.json5")])
        #expect(second.ending == .exit(0))
        #expect(second.output == first.output)
    }

    @Test("check reports what a start would fail with, and what is wrong with datasets")
    func checkFindsProblems() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("good", in: folder)
        folder.write("bad/obs_manifest.json", "{}")
        folder.write("cells.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        let certificate = try Gateway.run(["check", folder.path, "--tls", folder("cells.pem")])
        #expect(certificate.ending == .exit(1))
        #expect(certificate.error.contains(folder("cells.pem")))
        #expect(certificate.error.split(separator: "\n").count == 1)
        let datasets = try Gateway.run(["check", folder.path])
        #expect(datasets.ending == .exit(0))
        #expect(datasets.error.contains("bad is not served: dataset_identity.json is missing"))
        #expect(try JSON(Array(datasets.output.utf8))["roots"] != nil)
    }

    // MARK: Sources of settings

    @Test("Flags count more than the environment, that more than the file, that more than the defaults")
    func precedence() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("cells", in: folder)
        folder.write(
            "gateway.json5",
            """
            { // every source sets the port, each other key is missing in one more
              roots: ["cells"], port: 1111, workers: 5, logLevel: "debug", timeouts: { idleSeconds: 7 }, }
            """
        )
        let result = try Gateway.run(
            ["check", "--port", "3333"],
            environment: [
                "CELLUCID_GATEWAY_CONFIG": folder("gateway.json5"), "CELLUCID_GATEWAY_PORT": "2222",
                "CELLUCID_GATEWAY_WORKERS": "4", "CELLUCID_GATEWAY_LOG_LEVEL": "",
            ]
        )
        #expect(result.ending == .exit(0))
        let document = try JSON(Array(result.output.utf8))
        #expect(document["port"] == .number(3333))
        #expect(document["workers"] == .number(4))
        #expect(document["logLevel"] == .string("debug"))
        #expect(document["timeouts"]?["idleSeconds"] == .number(7))
        #expect(document["timeouts"]?["headerSeconds"] == .number(20))
    }

    @Test("The environment alone is enough to serve")
    func environmentAlone() throws {
        let gateway = try Gateway(
            [],
            port: nil,
            environment: [
                "CELLUCID_GATEWAY_ROOT": "\(Repository.demo),one=\(Repository.demo)/pbmc_q16",
                "CELLUCID_GATEWAY_PORT": "0", "CELLUCID_GATEWAY_BASE_PATH": "env",
                "CELLUCID_GATEWAY_WORKERS": "1",
            ]
        )
        let listing = try gateway.connect().exchange("GET", "/env/_cellucid/datasets")
        let paths = try JSON(listing.body)["datasets"]?.elements.compactMap { $0["path"]?.text }
        #expect(paths == ["/pbmc_gzip/", "/pbmc_q16/", "/one/"])
    }

    @Test("Relative paths of the file begin at the file, those of the command line at the working directory")
    func relativePaths() throws {
        let folder = TemporaryDirectory()
        ExportFixture(id: "of-file").write("etc/data/cells", in: folder)
        ExportFixture(id: "of-flag").write("work/data/cells", in: folder)
        folder.write("etc/gateway.json5", "{ roots: ['data'] }")
        for (arguments, id) in [(["--config", "../etc/gateway.json5"], "of-file"), (["data"], "of-flag")] {
            let gateway = try Gateway(arguments, directory: folder("work"))
            let identity = try gateway.connect().exchange("GET", "/cells/dataset_identity.json")
            #expect(try JSON(identity.body)["id"] == .string(id))
        }
    }

    // MARK: Ports

    @Test("A busy port that was asked for is an error", arguments: ["flag", "environment", "file"])
    func busyPort(source: String) throws {
        let busy = try #require(CommandLinePort())
        let folder = TemporaryDirectory()
        folder.write("gateway.json5", "{ port: \(busy.number) }")
        let result =
            switch source {
            case "flag": try Gateway.run([Repository.demo, "--port", "\(busy.number)"])
            case "environment":
                try Gateway.run([Repository.demo], environment: ["CELLUCID_GATEWAY_PORT": "\(busy.number)"])
            default: try Gateway.run([Repository.demo, "--config", folder("gateway.json5")])
            }
        #expect(result.ending == .exit(1))
        #expect(result.error.contains("port \(busy.number) on 127.0.0.1 is in use"), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
    }

    @Test("A second gateway does not share the port of the first one")
    func secondGateway() throws {
        let first = try Gateway([Repository.demo])
        let result = try Gateway.run([Repository.demo, "--port", "\(first.port)"])
        #expect(result.ending == .exit(1))
        #expect(try first.connect().exchange("GET", "/_gateway/livez").status == 200)
    }

    @Test("A busy default port gives way to the next free one")
    func busyDefaultPort() throws {
        // Other tests' servers have it at times, which keeps it busy as well; but they can end at the wrong moment.
        var busy: CommandLinePort?
        let found = try Deadline(seconds: 120).firstAnswer { () -> Gateway? in
            if busy == nil { busy = CommandLinePort(8765) }
            let gateway = try Gateway([Repository.demo], port: nil)
            return gateway.port == 8765 ? nil : gateway
        }
        let gateway = try #require(found)
        #expect((8766...8865).contains(gateway.port))
        #expect(gateway.waitForErrorText("port 8765 is in use, so this is port \(gateway.port)"))
        #expect(gateway.waitForErrorText("Open http://127.0.0.1:\(gateway.port)/"))
        #expect(try gateway.connect().exchange("GET", "/_gateway/readyz").status == 200)
        withExtendedLifetime(busy) {}
    }

    // MARK: Serving

    @Test("--workers says how many event loops there are", arguments: [1, 2, 5])
    func workers(count: Int) throws {
        let gateway = try Gateway([Repository.demo, "--workers", "\(count)"])
        let tasks = "/proc/\(gateway.processID)/task"
        func loops() -> Int {
            Repository.names(in: tasks).count { task in
                let name = String(decoding: readFile("\(tasks)/\(task)/comm") ?? [], as: UTF8.self)
                return name.hasPrefix("loop-")
            }
        }
        #expect(Deadline(seconds: 30).wait { loops() == count })
        #expect(gateway.errorText.contains("with \(count) worker\(count == 1 ? "" : "s")\n"))
        for _ in 0..<(4 * count) {
            #expect(try gateway.connect().exchange("GET", "/pbmc_q16/dataset_identity.json").status == 200)
        }
    }

    @Test("--base-path is in front of everything", arguments: ["/cells/", "cells", "/cells"])
    func basePath(path: String) throws {
        let gateway = try Gateway([Repository.demo, "--base-path", path])
        #expect(gateway.errorText.contains("Open http://127.0.0.1:\(gateway.port)/cells/\n"))
        let connection = try gateway.connect()
        for target in [
            "/cells/pbmc_q16/dataset_identity.json", "/cells/_cellucid/datasets", "/cells/_gateway/livez",
            "/cells/_gateway/readyz", "/cells/_gateway/",
        ] {
            #expect(try connection.exchange("GET", target).status == 200, "\(target)")
        }
        for target in [
            "/pbmc_q16/dataset_identity.json", "/_cellucid/datasets", "/_gateway/livez", "/cellsx/",
            "/cells/cells/_gateway/livez",
        ] {
            #expect(try connection.exchange("GET", target).status == 404, "\(target)")
        }
        for (target, location) in [
            ("/", "/cells/"), ("/cells", "/cells/"), ("/cells/", "/cells/_gateway/"),
            ("/cells/pbmc_q16?a=b", "/cells/pbmc_q16/?a=b"),
        ] {
            let answer = try connection.exchange("GET", target)
            #expect([307, 308].contains(answer.status))
            #expect(answer["Location"] == location)
        }
        let page = try connection.exchange("GET", "/cells/_gateway/").text
        let links = page.matches(of: /href="([^"]*)"/).map { String($0.output.1) }
        #expect(links.count >= 4)
        for link in links {
            #expect(try connection.exchange("GET", link).status == 200, "\(link)")
        }
    }

    @Test(
        "The URL to open is one that a browser can open",
        arguments: [
            ("127.0.0.1", "http://127.0.0.1:"), ("localhost", "http://127.0.0.1:"),
            ("0.0.0.0", "http://127.0.0.1:"),
            ("::1", "http://[::1]:"),
        ]
    )
    func host(host: String, url: String) throws {
        if host.contains(":"), (readFile("/proc/net/if_inet6") ?? []).isEmpty {
            print("skipped: this machine has no IPv6")
            return
        }
        let gateway = try Gateway([Repository.demo, "--host", host])
        #expect(gateway.waitForErrorText("Open \(url)\(gateway.port)/\n"), "\(gateway.errorText)")
        #expect(!gateway.errorText.contains("Open http://0.0.0.0"))
        let connection = try RawConnection(port: gateway.port, host: host == "::1" ? host : "127.0.0.1")
        #expect(try connection.exchange("GET", "/_gateway/livez").status == 200)
        let info = try JSON(connection.exchange("GET", "/_cellucid/info").body)
        #expect(info["host"] == .string(host))
        #expect(info["port"] == .number(Double(gateway.port)))
    }

    @Test("A cache directory that cannot be used is a warning")
    func unusableCache() throws {
        let folder = TemporaryDirectory()
        folder.write("file", "")
        let gateway = try Gateway([Repository.demo, "--cache-dir", folder("file/cache")])
        #expect(gateway.waitForErrorText("warning: the cache directory \(folder("file/cache"))"))
        let answer = try gateway.connect().exchange(
            "GET",
            "/pbmc_q16/points_2d.bin",
            ["Accept-Encoding: gzip"]
        )
        #expect(answer.status == 200)
    }

    @Test("Closed standard streams are not mistaken for something else")
    func closedStreams() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("cells", in: folder)
        // Nothing of it can be seen on its streams, so the port is known before.
        let reserved = try RefusingPort()
        let port = reserved.number
        let child = try ChildProcess(
            "sh",
            [
                "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", Gateway.executable, folder.path, "--port", "\(port)",
                "--cache-dir", folder("cache"), "--access-log",
            ],
            directory: "/",
            output: "/dev/null",
            error: "/dev/null"
        )
        let found: RawConnection? = Deadline(seconds: 30).firstAnswer { try? RawConnection(port: port) }
        let connection = try #require(found)
        #expect(try connection.exchange("GET", "/cells/obs_manifest.json").status == 200)
        for descriptor in 0...2 {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/\(child.processID)/fd/\(descriptor)", &buffer, buffer.count)
            let path = String(
                decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
            #expect(path == "/dev/null", "descriptor \(descriptor)")
        }
        child.send(signal: SIGTERM)
        #expect(child.waitForEnd() == .exit(0))
        withExtendedLifetime(reserved) {}
    }
}
