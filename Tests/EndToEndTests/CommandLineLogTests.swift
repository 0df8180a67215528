import Glibc
import TestSupport
import Testing

/// The log and the access log.
struct CommandLineLogTests {
    /// Requests with the status of their answers; every second one has a query.
    private static let requests: [(target: String, status: Int)] = [
        ("/pbmc_q16/dataset_identity.json", 200), ("/_cellucid/datasets?token=secret-1", 200),
        ("/pbmc_q16/none", 404), ("/pbmc_q16/%0aforged%22line?secret-2", 404), ("/_gateway/livez", 200),
        ("/?viewerToken=secret-3", 307),
    ]

    /// Lines of a file as soon as there are enough of them.
    private static func lines(_ path: String, _ count: Int) -> [String] {
        let found: [String]? = Deadline(seconds: 30).firstAnswer {
            let text = String(decoding: readFile(path) ?? [], as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            return lines.count >= count && text.hasSuffix("\n") ? lines : nil
        }
        return found ?? []
    }

    @Test("The access log has a line for each request, without its query", arguments: ["text", "json"])
    func accessLog(format: String) throws {
        let folder = TemporaryDirectory()
        let gateway = try GatewayProcessUnderTest([
            Repository.demo, "--access-log=\(folder("access.log"))", "--log-format", format,
        ])
        let connection = try gateway.connect()
        for request in Self.requests {
            let answer = try connection.exchange(
                "GET",
                request.target,
                ["User-Agent: test \"quoted\"\tsecond", "X-Other: secret-4"]
            )
            #expect(answer.status == request.status)
        }
        let lines = Self.lines(folder("access.log"), Self.requests.count)
        #expect(lines.count == Self.requests.count)
        for (line, request) in zip(lines, Self.requests) {
            let path = String(request.target.prefix { $0 != "?" })
            #expect(!line.contains("secret"))
            if format == "json" {
                let entry = try JSON(Array(line.utf8))
                #expect(entry["method"] == .string("GET"))
                #expect(entry["path"] == .string(path))
                #expect(entry["status"] == .number(Double(request.status)))
                #expect(entry["peer"] == .string("127.0.0.1"))
                #expect(entry["version"] == .string("HTTP/1.1"))
                #expect(entry["userAgent"] == .string("test \"quoted\"\tsecond"))
                #expect(entry["bytes"] != nil && entry["milliseconds"] != nil && entry["time"] != nil)
            } else {
                let pattern = #" 127.0.0.1 "GET \#(path) HTTP/1.1" \#(request.status) "#
                #expect(line.contains(pattern), "\(line)")
                #expect(line.contains(#"test \"quoted\""#))
            }
        }
    }

    @Test("The access log has the size of each answer's body, and bad requests too")
    func accessLogSizes() throws {
        let folder = TemporaryDirectory()
        let path = folder("access.log")
        let gateway = try GatewayProcessUnderTest([
            Repository.demo, "--access-log=\(path)", "--log-format=json",
        ])
        let target = "/pbmc_q16/points_2d.bin"
        let connection = try gateway.connect()
        let size = try connection.exchange("GET", target).body.count
        _ = try connection.exchange("HEAD", target)
        _ = try connection.exchange("GET", target, ["Range: bytes=10-19"])
        try connection.send("BROKEN\r\n\r\n")
        #expect(try connection.readResponse().status == 400)
        let entries = try Self.lines(path, 4).map { try JSON(Array($0.utf8)) }
        #expect(entries.map { $0["status"] } == [.number(200), .number(200), .number(206), .number(400)])
        #expect(entries.prefix(3).map { $0["bytes"] } == [.number(Double(size)), .number(0), .number(10)])
    }

    @Test("The access log names a client that has reset its connection")
    func accessLogOfReset() throws {
        let folder = TemporaryDirectory()
        let path = folder("access.log")
        let export = try ServedExport(
            ["large.bin": ExportFixture.noise(8_000_000)],
            arguments: ["--access-log=\(path)", "--log-format=json"]
        )
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        _ = try connection.readSome()
        connection.reset()
        let entries = try Self.lines(path, 1).map { try JSON(Array($0.utf8)) }
        #expect(entries.map { $0["peer"] } == [.string("127.0.0.1")])
    }

    @Test("SIGHUP opens the access log's file anew")
    func rotation() throws {
        let folder = TemporaryDirectory()
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--access-log=\(folder("access.log"))"])
        let connection = try gateway.connect()
        _ = try connection.exchange("GET", "/before")
        #expect(Self.lines(folder("access.log"), 1).count == 1)
        rename(folder("access.log"), folder("access.log.1"))
        gateway.send(signal: SIGHUP)
        #expect(gateway.waitForErrorText("reloaded"))
        _ = try connection.exchange("GET", "/after")
        let new = Self.lines(folder("access.log"), 1)
        #expect(new.count == 1 && new[0].contains("/after"))
        #expect(Self.lines(folder("access.log.1"), 1).count == 1)
    }

    @Test("The last requests before a stop are in the access log")
    func lastRequests() throws {
        let folder = TemporaryDirectory()
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--access-log=\(folder("access.log"))"])
        let connection = try gateway.connect()
        try connection.send((0..<300).map { connection.request("GET", "/last/\($0)") }.joined())
        for _ in 0..<300 { #expect(try connection.readResponse().status == 404) }
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
        let lines = Self.lines(folder("access.log"), 300)
        #expect(lines.count == 300)
        for (number, line) in lines.enumerated() { #expect(line.contains("/last/\(number) HTTP/1.1")) }
    }

    @Test("With --log-format json every line of stderr is a JSON object")
    func jsonLog() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("good", in: folder)
        folder.write("bad \"name\"\u{1}/obs_manifest.json", "{}")
        let gateway = try GatewayProcessUnderTest([folder.path, "--log-format", "json", "--access-log"])
        _ = try gateway.connect().exchange("GET", "/good/%22?q")
        gateway.send(signal: SIGHUP)
        #expect(gateway.waitForErrorText("reloaded"))
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
        let lines = gateway.errorText.split(separator: "\n")
        #expect(lines.count >= 6)
        var messages: [String] = []
        for line in lines {
            let entry = try JSON(Array(line.utf8))
            #expect(entry["time"]?.text?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            if let message = entry["message"]?.text {
                messages.append(message)
                #expect(["error", "warning", "info"].contains(entry["level"]?.text))
            }
        }
        #expect(messages.count == lines.count - 1, "one line is of the access log")
        #expect(messages.contains { $0.contains("listening on 127.0.0.1:\(gateway.port)") })
        #expect(messages.contains { $0.contains("bad \"name\"\u{1} is not served") })
        #expect(messages.last == "stopped")
    }

    @Test("--log-level keeps what matters less out of the log")
    func logLevel() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("good", in: folder)
        let gateway = try GatewayProcessUnderTest([folder.path, "--log-level", "warning"])
        folder.write("bad/obs_manifest.json", "{}")
        let connection = try gateway.connect()
        let isSeen = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/_gateway/datasets").text.contains("broken")
        }
        #expect(isSeen)
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
        #expect(!gateway.errorText.contains(" info: "))
    }
}
