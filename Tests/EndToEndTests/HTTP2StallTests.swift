import TestSupport
import Testing

/// HTTP/2 clients that do not take what they asked for.
///
/// The times are short for the gateway and long for the tests: nothing here depends on how fast anything is.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2StallTests {
    private static let content = ExportFixture.noise(3_000_000)

    private let export: ServedExport
    /// The stream of the request that follows each case.
    private let last = 9_001

    init() throws {
        export = try ServedExport(["large.bin": Self.content], arguments: ["--h2c", "--stall-seconds", "1"])
    }

    private func run(_ name: String, _ arguments: [String] = []) throws -> HTTP2Report {
        try HTTP2Client.run("stalls", name, port: export.gateway.port, ["path=/cells/large.bin"] + arguments)
    }

    private var stalledStreams: JSON? {
        get throws {
            let status = try JSON(export.connect().exchange("GET", "/_gateway/status").body)
            return status["http2Limits"]?["streamsStalled"]
        }
    }

    @Test(
        "Streams that a client keeps blocked are cancelled, and the connection goes on",
        arguments: [("shut_stream_windows", 100), ("shut_connection_window", 100), ("neighbour", 3)]
    )
    func blockedStreams(name: String, count: Int) throws {
        // A neighbour that gets no processor for a second stands still as well; but that is not so each time.
        var cancelled = 0
        let found = try Deadline(seconds: 120).firstAnswer {
            let report = try run(name, ["count=\(count)"])
            cancelled += report.resets.count
            return report.resets.count == count ? report : nil
        }
        let report = try #require(found)
        let streams = (0..<count).map { 2 * $0 + 1 }
        #expect(
            report.resets == Dictionary(uniqueKeysWithValues: streams.map { ($0, HTTP2Report.Code.cancel) })
        )
        #expect(report.statuses[last] == 200)
        #expect(report.goaways.isEmpty)
        #expect(try stalledStreams == .number(Double(cancelled)))
    }

    @Test("Windows that open by a byte at a time keep no stream open")
    func trickle() throws {
        let report = try run("trickle", ["count=3"])
        let code = HTTP2Report.Code.cancel
        #expect(report.resets == [1: code, 3: code, 5: code])
        // A hundred rounds take ten times as long as a stream may stand still.
        #expect(report.rounds < 100)
        #expect(report.statuses[last] == 200)
    }

    @Test("A client that reads nothing is given up, and takes hardly any memory")
    func unreadSocket() throws {
        let before = LifecycleProcess(processID: export.gateway.processID).residentKilobytes
        let clients = try (0..<5).map { _ in
            try HTTP2Client.Running(
                "stalls",
                "unread_socket",
                port: export.gateway.port,
                ["path=/cells/large.bin"]
            )
        }
        var most = 0
        let isOver = Deadline(seconds: 120).wait {
            most = max(most, LifecycleProcess(processID: export.gateway.processID).residentKilobytes)
            return clients.allSatisfy { $0.hasEnded }
        }
        #expect(isOver)
        for client in clients { #expect(try client.report().closed == "reset") }
        // They have asked for 1.5 GB.
        #expect(most - before < 24 * 1024)
        #expect(try export.connect().exchange("GET", "/cells/points_2d.bin").status == 200)
    }

    @Test("Answers to PINGs that are not read take hardly any memory")
    func unreadPongs() throws {
        let before = LifecycleProcess(processID: export.gateway.processID).residentKilobytes
        #expect(try run("unread_pongs").closed != nil)
        #expect(LifecycleProcess(processID: export.gateway.processID).residentKilobytes - before < 8 * 1024)
    }

    @Test("A slow client that makes progress gets everything")
    func slowReader() throws {
        let folder = TemporaryDirectory()
        // One that gets no processor for a second makes no progress; but that is not so each time.
        let found = try Deadline(seconds: 120).firstAnswer {
            let report = try run("slow_reader", ["size=\(Self.content.count)", "folder=\(folder.path)"])
            return report.ended == [1] ? report : nil
        }
        let report = try #require(found)
        #expect(report.statuses == [1: 200])
        #expect(report.ended == [1])
        #expect(readFile(folder("1")) == Self.content)
    }
}
