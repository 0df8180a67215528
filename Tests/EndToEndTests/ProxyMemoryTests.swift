import Glibc
import TestSupport
import Testing

/// Large bodies in both directions, which never lie in the gateway's memory.
@Suite(.enabled(if: CurlClient.isAvailable), .serialized)
struct ProxyMemoryTests {
    /// Bytes of a large body.
    private static let size = 256 << 20
    /// How much more memory one transfer may take at its worst, in kilobytes.
    private static let allowance = 16 * 1024

    private static let answer: [ScriptedUpstream.Step] = [
        .send("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: \(size)\r\n\r\n"),
        .fill(size),
    ]
    private static let unbounded: [ScriptedUpstream.Step] = [
        .send("HTTP/1.0 200 OK\r\n\r\n"), .fill(size), .close,
    ]

    @Test("A large answer takes no memory, whether its length is known or not", arguments: [false, true])
    func answer(isUnbounded: Bool) throws {
        let upstream = try ScriptedUpstream(
            .third,
            [.init("/large", isUnbounded ? Self.unbounded : Self.answer)]
        )
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let before = process.highestKilobytes
        let result = try curl(["http://127.0.0.1:\(fixture.gateway.port)/up/large", "-o", "/dev/null"])
        #expect(result == "200 \(Self.size) 0")
        let growth = process.highestKilobytes - before
        #expect(growth < Self.allowance, "\(growth) kB more")
    }

    @Test(
        "A client that reads slowly holds the upstream back",
        arguments: ScriptedUpstream.Generation.allCases
    )
    func slowReader(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [.init("/large", Self.answer)])
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let before = process.highestKilobytes
        let slow = try (0..<(generation == .third ? 4 : 1)).map { _ in
            let client = try fixture.connect(receiveBuffer: 4096)
            try client.send("GET", "/up/large")
            #expect(try client.readHead().status == 200)
            return client
        }
        // Others are served meanwhile, so long that everything has come that comes.
        for _ in 0..<100 {
            #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
            for client in slow { #expect(try client.readBytes(10_000).count == 10_000) }
            usleep(10_000)
        }
        let growth = process.highestKilobytes - before
        #expect(growth < Self.allowance, "\(growth) kB more")
        for client in slow { client.reset() }
        #expect(fixture.wait(for: 200, "/up/_cellucid/info"))
    }

    @Test("A large upload takes no memory", arguments: [false, true])
    func upload(isChunked: Bool) throws {
        let upstream = try ScriptedUpstream(.third)
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let before = process.highestKilobytes
        let result = try upload(fixture, "/up/echo", isChunked ? ["-H", "Transfer-Encoding: chunked"] : [])
        #expect(result == "200 65536 0")
        #expect(upstream.requests("/echo").first?.body?.length == Self.size)
        let growth = process.highestKilobytes - before
        #expect(growth < Self.allowance, "\(growth) kB more")
    }

    @Test("A large bundle for an older server waits on disk until it is whole")
    func bundle() throws {
        let upstream = try ScriptedUpstream(.first)
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let before = process.highestKilobytes
        let descriptors = process.descriptorCount
        let target = "/_cellucid/session_bundle?viewerId=v1&requestId=r1"
        let result = try upload(fixture, "/up" + target, ["-H", "Content-Type: application/octet-stream"])
        #expect(result.hasPrefix("200 "))
        let request = try #require(upstream.requests(target).first)
        #expect(request.body?.framing == "length")
        #expect(request.body?.length == Self.size)
        let growth = process.highestKilobytes - before
        #expect(growth < Self.allowance, "\(growth) kB more")
        // What was on disk is gone.
        #expect(Deadline(seconds: 30).wait { process.descriptorCount <= descriptors })
        #expect(process.namelessFileSizes(in: "spool").isEmpty)
    }

    @Test("A large bundle for an older server lies in a file without a name until that has it")
    func bundleOnDisk() throws {
        let target = "/_cellucid/session_bundle?viewerId=v1&requestId=r1"
        // Nothing of the body is taken, so it has to stay where it is.
        let rule = ScriptedUpstream.Rule(target, [.pause(milliseconds: 3_600_000)], isEarly: true)
        let upstream = try ScriptedUpstream(.first, [rule])
        let fixture = try ProxyFixture(upstream, arguments: ["--upstream-seconds", "600"])
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let client = try fixture.connect()
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let count = 8
        let fields = ["Content-Type: application/octet-stream", "Content-Length: \(count * piece.count)"]
        try client.send("POST", "/up" + target, fields)
        for _ in 0..<count { try client.send(piece) }
        let isOnDisk = Deadline(seconds: 60).wait {
            process.namelessFileSizes(in: "spool").contains(count * piece.count)
        }
        #expect(isOnDisk)
        #expect(upstream.waitForRequest(target) != nil)
        let home = fixture.gateway.home.path
        #expect(Repository.files(in: home).allSatisfy { !$0.contains("spool/") })
        upstream.stop()
        #expect(try client.readResponse().status == 502)
        #expect(Deadline(seconds: 60).wait { process.namelessFileSizes(in: "spool").isEmpty })
    }

    @Test("An upload that an upstream takes slowly holds the client back")
    func slowUpstream() throws {
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init(
                    "/upload",
                    [
                        .pause(milliseconds: 1500), .receiveBody,
                        .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                    ],
                    isEarly: true
                )
            ]
        )
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        let before = process.highestKilobytes
        #expect(try upload(fixture, "/up/upload") == "200 2 0")
        let growth = process.highestKilobytes - before
        #expect(growth < Self.allowance, "\(growth) kB more")
    }

    @Test("Memory does not grow with the number of requests or of faults")
    func manyRequests() throws {
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init("/a", [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]),
                .init("/gone", [.close]),
                .init("/short", [.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), .close]),
            ]
        )
        let fixture = try ProxyFixture(upstream, arguments: ["--workers", "1"])
        let process = LifecycleProcess(processID: fixture.gateway.processID)
        func ask(_ count: Int) throws {
            let client = try fixture.connect()
            for _ in 0..<count {
                #expect(try client.exchange("GET", "/up/a").status != 404)
                #expect(try client.exchange("GET", "/up/gone").status >= 500)
                _ = try? fixture.ask("/up/short")
            }
        }
        try ask(300)
        let before = process.residentKilobytes
        let descriptors = process.descriptorCount
        try ask(1000)
        let growth = process.residentKilobytes - before
        #expect(growth < 4096, "\(growth) kB more than \(before) kB")
        #expect(Deadline(seconds: 30).wait { process.descriptorCount <= descriptors + 2 })
    }

    /// Sends a file of the large size, most of which is a hole.
    private func upload(_ fixture: ProxyFixture, _ target: String, _ arguments: [String] = []) throws
        -> String
    {
        let folder = TemporaryDirectory()
        folder.write("body", "CELLUCID_SESSION\n")
        truncate(folder("body"), Self.size)
        let url = "http://127.0.0.1:\(fixture.gateway.port)\(target)"
        return try curl([url, "-X", "POST", "-T", folder("body"), "-o", "/dev/null"] + arguments)
    }

    /// The status, the bytes received and curl's own code.
    private func curl(_ arguments: [String]) throws -> String {
        let words = [
            "-sS", "--noproxy", "*", "--max-time", "300", "-w", "%{http_code} %{size_download} %{exitcode}",
        ]
        let result = try ChildProcess.run("curl", words + arguments, seconds: 310)
        return String(decoding: result.output, as: UTF8.self)
    }
}

extension LifecycleProcess {
    /// The sizes of its open files that have no name any more and were made in a folder of that name.
    fileprivate func namelessFileSizes(in folder: String) -> [Int] {
        let descriptors = "/proc/\(processID)/fd"
        return Repository.names(in: descriptors).compactMap { name in
            let path = "\(descriptors)/\(name)"
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = max(0, readlink(path, &buffer, buffer.count))
            let target = String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
            var status = stat()
            guard target.contains("/\(folder)/"), target.hasSuffix(" (deleted)"), stat(path, &status) == 0
            else { return nil }
            return Int(status.st_size)
        }
    }

    /// Kilobytes of memory at the most so far (VmHWM).
    fileprivate var highestKilobytes: Int {
        let status = String(decoding: readFile("/proc/\(processID)/status") ?? [], as: UTF8.self)
        return status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.output.1) } ?? 0
    }
}
