import Glibc
import TestSupport
import Testing

/// How the gateway stops.
struct LifecycleTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let folder = TemporaryDirectory()
    /// The port of gateways after which nobody else listens there.
    private let reserved: RefusingPort

    init() throws { reserved = try RefusingPort() }

    /// A gateway with a file that no socket buffer holds, and the bytes of that file.
    private func gatewayWithLargeFile(_ arguments: [String] = []) throws -> (
        gateway: Gateway, content: [UInt8]
    ) {
        ExportFixture().write("cells", in: folder)
        let content = LifecycleContent.large
        folder.write("cells/large.bin", content)
        return (try Gateway([folder.path] + arguments, port: reserved.number), content)
    }

    /// Begins a download and reads nothing of its body.
    private func beginDownload(_ gateway: Gateway) throws -> RawConnection {
        let connection = try gateway.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        #expect(try connection.readHead().status == 200)
        return connection
    }

    /// Waits until nobody can connect any more.
    private func waitForClosedPort(_ gateway: Gateway) -> Bool {
        Deadline(seconds: 30).wait { (try? gateway.connect()) == nil }
    }

    // MARK: Health

    @Test("livez and readyz answer while it runs")
    func health() throws {
        let gateway = try Gateway([Repository.demo])
        let connection = try gateway.connect()
        for (page, text) in [("livez", "ok"), ("readyz", "ready")] {
            let answer = try connection.exchange("GET", "/_gateway/\(page)")
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix(text))
            #expect(answer["Cache-Control"] == "no-store")
            #expect(try connection.exchange("HEAD", "/_gateway/\(page)").status == 200)
            #expect(try connection.exchange("POST", "/_gateway/\(page)").status == 405)
        }
    }

    // MARK: Orderly stop

    @Test(
        "A stop lets a download finish, ends idle connections and takes no new ones",
        arguments: [SIGTERM, SIGINT]
    )
    func orderlyStop(signal: Int32) throws {
        let (gateway, content) = try gatewayWithLargeFile()
        let silent = try gateway.connect()
        let idle = try gateway.connect()
        #expect(try idle.exchange("GET", "/cells/obs_manifest.json").status == 200)
        let download = try beginDownload(gateway)
        gateway.send(signal: signal)
        #expect(gateway.waitForErrorText("stopping"))
        // The download cannot go on while this waits, so these end because they are idle.
        #expect(try silent.endsWithoutMore())
        #expect(try idle.endsWithoutMore())
        #expect(waitForClosedPort(gateway))
        #expect(!gateway.hasEnded)
        #expect(try download.readBytes(content.count) == content)
        #expect(try download.endsWithoutMore())
        #expect(gateway.waitForEnd() == .exit(0))
        #expect(gateway.errorText.hasSuffix("stopped\n"))
    }

    @Test("A connection that has been idle for longer ends at once too")
    func longIdle() throws {
        let (gateway, content) = try gatewayWithLargeFile()
        let idle = try gateway.connect()
        #expect(try idle.exchange("GET", "/_gateway/livez").status == 200)
        // Downloads pass the time in which an idle connection gives up its task.
        let start = ContinuousClock.now
        repeat {
            #expect(try gateway.connect().exchange("GET", "/cells/large.bin").body.count == content.count)
        } while ContinuousClock.now - start < .milliseconds(1500)
        #expect(try idle.exchange("GET", "/_gateway/livez").status == 200)
        let second = try gateway.connect()
        while ContinuousClock.now - start < .milliseconds(3000) {
            #expect(try gateway.connect().exchange("GET", "/cells/large.bin").body.count == content.count)
        }
        let download = try beginDownload(gateway)
        gateway.send(signal: SIGTERM)
        #expect(try idle.endsWithoutMore())
        #expect(try second.endsWithoutMore())
        #expect(!gateway.hasEnded)
        #expect(try download.readBytes(content.count) == content)
        #expect(gateway.waitForEnd() == .exit(0))
    }

    @Test("An idle gateway stops at once", arguments: [SIGTERM, SIGINT])
    func idleStop(signal: Int32) throws {
        let gateway = try Gateway([Repository.demo, "--shutdown-seconds", "3600"])
        gateway.send(signal: signal)
        #expect(gateway.waitForEnd() == .exit(0))
    }

    @Test("A signal right after the start stops the gateway too")
    func earlySignal() throws {
        for _ in 0..<5 {
            let gateway = try Gateway([Repository.demo], waits: false)
            _ = Deadline(seconds: 30).wait { !gateway.errorText.isEmpty }
            gateway.send(signal: SIGTERM)
            #expect(gateway.waitForEnd() == .exit(0))
        }
    }

    @Test("A request under way is answered, with readyz saying that the gateway stops")
    func readinessWhileStopping() throws {
        let gateway = try Gateway([Repository.demo, "--workers", "1"], port: reserved.number)
        let connections = try ["readyz", "livez"].map { page in
            let connection = try gateway.connect()
            // The second head begins in the same packet as the first one, and its end is missing.
            let first = connection.request("GET", "/_gateway/livez")
            let second = connection.request("GET", "/_gateway/\(page)").dropLast(4)
            try connection.send(first + second)
            #expect(try connection.readResponse().status == 200)
            return connection
        }
        gateway.send(signal: SIGTERM)
        #expect(waitForClosedPort(gateway))
        for (connection, status) in zip(connections, [503, 200]) {
            try connection.send("\r\n\r\n")
            let answer = try connection.readResponse()
            #expect(answer.status == status)
            #expect(answer["Connection"]?.lowercased() == "close")
            #expect(try connection.endsWithoutMore())
        }
        #expect(gateway.waitForEnd() == .exit(0))
    }

    @Test("Requests that are waiting in line when the stop comes are answered or not, never in part")
    func pipelinedWhileStopping() throws {
        let (gateway, content) = try gatewayWithLargeFile()
        let connection = try gateway.connect(receiveBuffer: 4096)
        try connection.send(
            connection.request("GET", "/cells/large.bin")
                + connection.request("GET", "/cells/obs_manifest.json")
        )
        #expect(try connection.readHead().status == 200)
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForErrorText("stopping"))
        #expect(try connection.readBytes(content.count) == content)
        #expect(try connection.endsWithoutMore())
        #expect(gateway.waitForEnd() == .exit(0))
    }

    // MARK: Stop of the impatient

    @Test("A second signal ends the gateway now", arguments: [SIGTERM, SIGINT], [SIGTERM, SIGINT])
    func secondSignal(first: Int32, second: Int32) throws {
        let (gateway, content) = try gatewayWithLargeFile(["--shutdown-seconds", "3600"])
        let download = try beginDownload(gateway)
        gateway.send(signal: first)
        #expect(gateway.waitForErrorText("stopping"))
        #expect(waitForClosedPort(gateway))
        gateway.send(signal: SIGHUP)
        #expect(!gateway.hasEnded)
        gateway.send(signal: second)
        #expect(gateway.waitForEnd() == .exit(0))
        let rest = try? download.readBytes(content.count)
        #expect(rest == nil)
    }

    @Test("--shutdown-seconds bounds the time for a client that does not read", arguments: ["1", "0"])
    func shutdownDeadline(seconds: String) throws {
        let (gateway, content) = try gatewayWithLargeFile(["--shutdown-seconds", seconds])
        let stuck = try beginDownload(gateway)
        let unfinished = try gateway.connect()
        try unfinished.send("GET / HTTP/1.1\r\nHost: local")
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
        let rest = try? stuck.readBytes(content.count)
        #expect(rest == nil)
        #expect(try unfinished.endsWithoutMore())
    }
}
