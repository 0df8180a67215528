import Glibc
import TestSupport
import Testing

/// Descriptors and memory of a gateway that has been used for a while.
struct LifecycleResourceTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let folder = TemporaryDirectory()

    @Test("Descriptors come back after connections that end in every way")
    func descriptors() throws {
        ExportFixture().write("cells", in: folder)
        folder.write("cells/large.bin", Array(LifecycleContent.large.prefix(8 << 20)))
        let gateway = try Gateway([folder.path])
        let process = LifecycleProcess(processID: gateway.processID)
        // What is kept on purpose, such as open files, is there after the first round.
        for number in 0..<16 { try use(gateway, number) }
        let idle = try gateway.connect()
        #expect(try idle.exchange("GET", "/_gateway/livez").status == 200)
        // A leak in any of the eight ways would be sixty descriptors.
        let before = process.descriptorCount + 5
        for number in 0..<500 { try use(gateway, number) }
        let returns = Deadline(seconds: 30).wait { process.descriptorCount <= before }
        #expect(returns, "\(process.descriptorCount) descriptors, before it were \(before)")
        #expect(try idle.exchange("GET", "/_gateway/livez").status == 200)
    }

    /// Uses one connection in one of eight ways.
    private func use(_ gateway: Gateway, _ number: Int) throws {
        let connection = try gateway.connect(receiveBuffer: number % 2 == 0 ? 4096 : nil)
        switch number % 8 {
        case 0: break
        case 1: try connection.send("GET /cells/large.bin HTTP/1.1\r\nHo")
        case 2:
            try connection.send("GET", "/cells/large.bin")
            _ = try connection.readHead()
            connection.reset()
        case 3:
            try connection.send("GET", "/cells/large.bin")
            connection.reset()
        case 4: #expect(try connection.exchange("GET", "/cells/obs_manifest.json").status == 200)
        case 5:
            try connection.send("GET", "/cells/obs_manifest.json", ["Connection: close"])
            connection.finishSending()
            #expect(try connection.readResponse().status == 200)
        case 6:
            try connection.send("BROKEN\r\n\r\n")
            connection.reset()
        default:
            try connection.send("POST", "/_cellucid/events", ["Content-Length: 1000000"])
            connection.reset()
        }
    }

    @Test("Memory does not grow with the number of requests")
    func memory() throws {
        ExportFixture().write("cells", in: folder)
        folder.write("cells/large.bin", ExportFixture.noise(200_000))
        let gateway = try Gateway([folder.path, "--workers", "1"])
        let process = LifecycleProcess(processID: gateway.processID)
        let connection = try gateway.connect()
        let tag = try #require(connection.exchange("GET", "/cells/points_2d.bin")["ETag"])
        let kinds: [(target: String, fields: [String], status: Int)] = [
            ("/cells/dataset_identity.json", [], 200),
            ("/cells/points_2d.bin", ["If-None-Match: \(tag)"], 304),
            ("/cells/large.bin", ["Range: bytes=100-1999"], 206),
            ("/cells/large.bin", ["Range: bytes=1-5,100-200"], 206),
            ("/cells/obs_manifest.json", ["Accept-Encoding: gzip"], 200),
            ("/cells/none", [], 404),
            ("/_cellucid/datasets", ["Origin: http://localhost:3000"], 200),
            ("/_gateway/", [], 200),
            ("/", [], 307),
            ("/cells/points_2d.bin", ["Range: bytes=999999-"], 416),
        ]
        let batch = kinds.map { connection.request("GET", $0.target, $0.fields) }.joined()
        func ask(_ requests: Int) throws {
            for _ in 0..<(requests / kinds.count) {
                try connection.send(batch)
                for kind in kinds { #expect(try connection.readResponse().status == kind.status) }
            }
        }
        try ask(4000)
        let before = process.residentKilobytes
        #expect(before > 0)
        try ask(20_000)
        let growth = process.residentKilobytes - before
        #expect(growth < 4096, "\(growth) kB more than \(before) kB")
    }

    @Test("Memory does not grow with the number of connections")
    func memoryOfConnections() throws {
        let gateway = try Gateway([Repository.demo, "--workers", "1"])
        let process = LifecycleProcess(processID: gateway.processID)
        func connect(_ count: Int) throws {
            for _ in 0..<count {
                #expect(try gateway.connect().exchange("GET", "/pbmc_q16/obs_manifest.json").status == 200)
            }
        }
        try connect(1000)
        let before = process.residentKilobytes
        try connect(4000)
        let growth = process.residentKilobytes - before
        #expect(growth < 4096, "\(growth) kB more than \(before) kB")
    }

    @Test("When descriptors run out, surplus connections do no harm, and afterwards all is well")
    func exhaustion() throws {
        ExportFixture().write("cells", in: folder)
        let limited = try ChildProcess(
            "sh",
            [
                "-c", "ulimit -n 64; exec \"$0\" \"$@\"", Gateway.executable, folder.path, "--port", "0",
                "--workers", "1", "--cache-dir", folder("cache"),
            ],
            directory: "/",
            output: folder("stdout"),
            error: folder("stderr")
        )
        func log() -> String { String(decoding: readFile(folder("stderr")) ?? [], as: UTF8.self) }
        let found: UInt16? = Deadline(seconds: 30).firstAnswer {
            log().firstMatch(of: /on 127\.0\.0\.1:(\d+)\s/).flatMap { UInt16($0.output.1) }
        }
        let port = try #require(found, "\(log())")
        #expect(Deadline(seconds: 30).wait { log().contains("only 64 files may be open") })
        let first = try RawConnection(port: port)
        #expect(try first.exchange("GET", "/cells/obs_manifest.json").status == 200)
        var surplus: [RawConnection] = []
        for _ in 0..<200 {
            guard let connection = try? RawConnection(port: port) else { continue }
            try? connection.send("GET", "/_gateway/livez")
            surplus.append(connection)
        }
        #expect(surplus.count > 64)
        #expect(Deadline(seconds: 30).wait { log().contains("no file descriptor is left") })
        // Who is in stays in, and what is in memory is served; a file that has to be opened may not be.
        #expect(try first.exchange("GET", "/cells/obs_manifest.json").status == 200)
        let status = try first.exchange("GET", "/cells/points_2d.bin").status
        #expect([200, 503].contains(status))
        // A scan that finds no descriptor says nothing about the folders.
        folder.write("note.txt", "a change")
        limited.send(signal: SIGHUP)
        #expect(Deadline(seconds: 30).wait { log().contains("reload") })
        for _ in 0..<50 {
            #expect(try first.exchange("GET", "/_cellucid/datasets").text.contains("fixture"))
        }
        surplus.removeAll()
        let recovers = Deadline(seconds: 30).wait {
            let connection = try? RawConnection(port: port, timeoutSeconds: 5)
            return (try? connection?.exchange("GET", "/cells/points_2d.bin"))?.status == 200
        }
        #expect(recovers)
        #expect(try first.exchange("GET", "/cells/var/CD3D.values.f32").status == 200)
        #expect(!limited.hasEnded)
        limited.send(signal: SIGTERM)
        #expect(limited.waitForEnd() == .exit(0))
    }

    @Test("--max-connections turns surplus connections away and nobody else")
    func maximumConnections() throws {
        let gateway = try Gateway([Repository.demo, "--workers", "1", "--max-connections", "3"])
        var connections: [RawConnection] = []
        for _ in 0..<3 {
            let connection = try gateway.connect()
            #expect(try connection.exchange("GET", "/_gateway/livez").status == 200)
            connections.append(connection)
        }
        for _ in 0..<20 {
            let surplus = try gateway.connect()
            #expect(throws: RawConnection.Failure.self) { try surplus.exchange("GET", "/_gateway/livez") }
        }
        for connection in connections {
            #expect(try connection.exchange("GET", "/_gateway/livez").status == 200)
        }
        #expect(gateway.waitForErrorText("the limit of connections is reached"))
        #expect(gateway.errorText.ranges(of: "the limit of connections is reached").count == 1)
        connections.removeLast().close()
        let recovers = Deadline(seconds: 30).wait {
            (try? gateway.connect().exchange("GET", "/_gateway/livez"))?.status == 200
        }
        #expect(recovers)
    }
}
