import Glibc
import TestSupport
import Testing

/// How connections of HTTP/2 end: the gateway stops, the client says it goes, or nothing happens for a while.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2StopTests {
    private static let content = ExportFixture.noise(8_000_000)
    private static let announcement = HTTP2Report.GoAway(last: 2_147_483_647, code: 0)

    private let folder = TemporaryDirectory()

    private func export(_ arguments: [String] = ["--h2c"]) throws -> ServedExport {
        try ServedExport(["large.bin": Self.content], arguments: arguments)
    }

    private func run(_ name: String, _ export: ServedExport, _ arguments: [String] = []) throws -> HTTP2Report
    {
        try HTTP2Client.run("stops", name, port: export.gateway.port, ["path=/cells/large.bin"] + arguments)
    }

    @Test("A stop lets a download finish", arguments: [false, true])
    func download(usesTLS: Bool) throws {
        if usesTLS, !TLSCertificates.isAvailable { return }
        let flags = usesTLS ? ["--tls", try TLSCertificates(in: folder).make("localhost").both] : ["--h2c"]
        let export = try export(flags)
        let report = try run(
            "download",
            export,
            ["pid=\(export.gateway.processID)", "folder=\(folder.path)", "tls=\(usesTLS)"]
        )
        #expect(report.goaways.first == Self.announcement)
        #expect(report.goaways.dropFirst().allSatisfy { $0 == .init(last: 1, code: 0) })
        #expect(report.goaways.count >= 2)
        #expect(report.wasOpen == true)
        #expect(report.statuses == [1: 200])
        #expect(report.ended == [1])
        #expect(readFile(folder("1")) == Self.content)
        #expect(report.closed == "end")
        #expect(export.gateway.waitForEnd() == .exit(0))
    }

    @Test("A request that was on its way when the stop came is answered, later ones are not")
    func lateRequest() throws {
        let export = try export()
        let report = try run(
            "late_request",
            export,
            ["pid=\(export.gateway.processID)", "folder=\(folder.path)"]
        )
        #expect(report.goaways.first == Self.announcement)
        #expect(report.goaways.dropFirst().allSatisfy { $0 == .init(last: 3, code: 0) })
        #expect(report.statuses == [1: 200, 3: 200])
        #expect(report.ended == [1, 3])
        #expect(readFile(folder("1")) == Self.content)
        #expect(report.closed == "end")
        #expect(export.gateway.waitForEnd() == .exit(0))
    }

    @Test("Idle connections end with GOAWAY", arguments: [0, 1], ["0", "1.5"])
    func idle(requests: Int, seconds: String) throws {
        let export = try export(["--h2c", "--shutdown-seconds", "3600"])
        let report = try run(
            "idle",
            export,
            ["pid=\(export.gateway.processID)", "requests=\(requests)", "seconds=\(seconds)"]
        )
        #expect(report.wasOpen == true)
        #expect(report.statuses.count == requests)
        #expect(report.goaways.last == .init(last: requests == 0 ? 0 : 1, code: 0))
        #expect(report.closed == "end")
        #expect(export.gateway.waitForEnd() == .exit(0))
    }

    @Test("A connection without requests ends after --idle-seconds, with GOAWAY")
    func silent() throws {
        let export = try export(["--h2c", "--idle-seconds", "1"])
        // Who gets no processor for a second comes too late with a request; but that is not so each time.
        let found = try Deadline(seconds: 120).firstAnswer {
            let report = try run("silent", export)
            return report.statuses == [1: 200] ? report : nil
        }
        let report = try #require(found)
        #expect(report.goaways == [.init(last: 1, code: 0)])
        #expect(report.closed == "end")
    }

    @Test("A client that says GOAWAY gets the rest of its download, and then the end")
    func goingClient() throws {
        let report = try run("going_client", export(), ["folder=\(folder.path)"])
        #expect(report.wasOpen == true)
        #expect(report.ended == [1])
        #expect(readFile(folder("1")) == Self.content)
        #expect(report.goaways.allSatisfy { $0.code == 0 })
        #expect(report.closed == "end")
    }
}
