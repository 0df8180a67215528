import Glibc
import TestSupport
import Testing

/// The examples of docs/notebooks.md, run as they are written there.
@Suite struct SubscriberDocumentationTests {
    /// A gateway, and a folder with the examples in it.
    private struct Stage {
        let served: ServedExport
        let folder = TemporaryDirectory()
        let port: UInt16

        init() throws {
            served = try ServedExport()
            port = served.gateway.port
            let text = String(decoding: readFile(Repository.root + "/docs/notebooks.md") ?? [], as: UTF8.self)
            for match in text.matches(of: /<!-- snippet: (\S+) -->\n```\w+\n((?s).*?)\n```\n/) {
                folder.write(String(match.output.1), String(match.output.2) + "\n")
            }
        }

        var environment: [String] {
            [
                "PATH=\(getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin")", "no_proxy=*",
                "GATEWAY=http://127.0.0.1:\(port)", "VIEWER=my-analysis-1",
            ]
        }

        /// Starts an example.
        func start(_ program: String, _ arguments: [String], variables: [String] = []) throws -> ChildProcess
        {
            try ChildProcess(
                program,
                arguments,
                environment: environment + variables,
                directory: folder.path,
                output: folder("out"),
                error: folder("error")
            )
        }

        /// Runs an example of the shell to its end.
        func shell(_ name: String, _ variables: [String] = []) throws -> String {
            folder.remove("out")
            let child = try start("sh", ["-e", folder(name)], variables: variables)
            try #require(child.waitForEnd() == .exit(0), "\(name): \(text("error"))")
            return text("out")
        }

        func text(_ name: String) -> String {
            String(decoding: readFile(folder(name)) ?? [], as: UTF8.self)
        }

        /// Waits for a line that an example that runs has written.
        func line(_ beginning: String) throws -> String {
            let found = Deadline(seconds: 30).firstAnswer { () -> String? in
                // The last line may be half written.
                let lines = text("out").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                return lines.first { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) }
            }
            return try #require(found, "no \(beginning) in \(text("out")) \(text("error"))")
        }

        func post(_ event: String) throws {
            let answer = try served.connect().post("/cells/_cellucid/events", event)
            try #require(answer.text == "{\"status\":\"ok\",\"delivered\":true}")
        }

        func upload(_ bundle: [UInt8], to path: String) throws {
            let connection = try served.connect()
            try connection.send("POST", path, ["Content-Length: \(bundle.count)"])
            try connection.send(bundle)
            try #require(try connection.readResponse(to: "POST").status == 200)
        }
    }

    private static let bundle = SubscribedViewer.magic + ExportFixture.noise(200_000)

    private static func has(_ program: String) -> Bool {
        if (try? ChildProcess.run(program, ["--version"])) != nil { return true }
        print("skipped: some examples of docs/notebooks.md need \(program)")
        return false
    }

    @Test("In the shell", .enabled(if: has("curl")))
    func shell() throws {
        let stage = try Stage()
        _ = try stage.shell("register.sh")
        #expect(stage.text("viewer.secret").utf8.count == 65)
        let following = try stage.start("sh", ["-e", stage.folder("follow.sh")])
        try stage.post("{\"type\":\"selection\",\"viewerId\":\"my-analysis-1\",\"cells\":[3,5,8]}")
        #expect(try stage.line("data: ").hasSuffix("\"cells\":[3,5,8]}"))

        let poll = try JSON(Array(try stage.shell("poll.sh").utf8))
        #expect(poll["cursor"] == .number(1))
        let request = try JSON(Array(try stage.shell("request.sh").utf8))
        try stage.upload(Self.bundle, to: try #require(request["upload"]?.text))
        _ = try stage.shell("fetch.sh")
        #expect(readFile(stage.folder("my-analysis-1.cellucid-session")) == Self.bundle)
        _ = try stage.shell("close.sh")
        #expect(following.waitForEnd() == .exit(0))
    }

    @Test("In Python", .enabled(if: has("python3")))
    func python() throws {
        let stage = try Stage()
        let example = try stage.start("python3", ["-B", stage.folder("example.py")])
        let upload = try stage.line("for the upload: ")
        try stage.post("{\"type\":\"hover\",\"viewerId\":\"my-analysis-1\",\"cell\":3}")
        try stage.post("{\"type\":\"selection\",\"viewerId\":\"my-analysis-1\",\"cells\":[3, 5]}")
        #expect(try stage.line("selected: ") == "[3, 5]")
        try stage.upload(Self.bundle, to: upload)
        #expect(try stage.line("bundle: ") == "\(Self.bundle.count) bytes")
        #expect(example.waitForEnd() == .exit(0))
        #expect(readFile(stage.folder("analysis.cellucid-session")) == Self.bundle)
        #expect(try stage.served.connect().exchange("GET", "/_gateway/viewers").text == "{\"viewers\":[]}")
    }

    @Test("The Python module goes on after the gateway was killed", .enabled(if: has("python3")))
    func pythonResumes() throws {
        let root = TemporaryDirectory()
        ExportFixture().write("cells", in: root)
        let state = TemporaryDirectory()
        let flags = [root.path, "--state-dir", state.path]
        let stage = try Stage()
        let reserved = try RefusingPort()
        let port = reserved.number
        var gateway = try GatewayProcessUnderTest(flags, port: port)
        let example = try stage.start(
            "python3",
            ["-B", stage.folder("example.py")],
            variables: ["GATEWAY=http://127.0.0.1:\(port)"]
        )
        _ = try stage.line("for the upload: ")
        for number in 1...3 {
            let event = "{\"type\":\"selection\",\"viewerId\":\"my-analysis-1\",\"cells\":[\(number)]}"
            let answer = try RawConnection(port: port).post("/_cellucid/events", event)
            try #require(answer.status == 200)
            gateway.send(signal: SIGKILL)
            _ = gateway.waitForEnd()
            gateway = try GatewayProcessUnderTest(flags, port: port)
        }
        let expected = ["selected: [1]", "selected: [2]", "selected: [3]"]
        func selected() -> [String] {
            stage.text("out").split(separator: "\n").map(String.init).filter { $0.hasPrefix("selected") }
        }
        #expect(Deadline(seconds: 60).wait { selected().count >= 3 })
        #expect(selected() == expected)
        #expect(!example.hasEnded)
        withExtendedLifetime(reserved) {}
    }
}
