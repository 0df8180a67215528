import TestSupport
import Testing

/// Windows, frame sizes and cancelled streams: what a client asked for comes when it may, and byte by byte as it is.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2FlowControlTests {
    private static let content = ExportFixture.noise(3_000_000)

    private let folder = TemporaryDirectory()
    private let export: ServedExport

    init() throws { export = try ServedExport(["large.bin": Self.content], arguments: ["--h2c"]) }

    private func run(_ name: String, _ arguments: [String] = []) throws -> HTTP2Report {
        try HTTP2Client.run(
            "windows",
            name,
            port: export.gateway.port,
            ["path=/cells/large.bin", "size=\(Self.content.count)", "folder=\(folder.path)"] + arguments
        )
    }

    /// Whether exactly the file came on these streams, and nothing was wrong.
    private func isComplete(_ report: HTTP2Report, _ streams: [Int]) -> Bool {
        report.resets.isEmpty && report.goaways.isEmpty && report.closed == nil && report.overrun == 0
            && streams.allSatisfy { report.ended.contains($0) && readFile(folder("\($0)")) == Self.content }
    }

    @Test("Nothing is sent beyond the windows, and the rest when they open")
    func exhaustion() throws {
        let report = try run("exhaustion")
        #expect(report.steps == [65_535, 65_535, 65_835, 66_535, Self.content.count])
        #expect(isComplete(report, [1]))
    }

    @Test("Windows change with SETTINGS_INITIAL_WINDOW_SIZE, below zero as well")
    func initialWindow() throws {
        let report = try run("initial_window")
        #expect(report.steps == [10, 1_000, 1_000, 1_000, 1_001, Self.content.count])
        #expect(isComplete(report, [1]))
    }

    @Test("A window can open by single bytes")
    func singleBytes() throws {
        let report = try run("single_bytes")
        #expect(report.steps == [100])
        #expect(isComplete(report, [1]))
    }

    @Test("No frame is larger than the client allows", arguments: [16_384, 16_385, 65_536, 16_777_215])
    func frameSize(maximum: Int) throws {
        let report = try run("frame_size", ["maximum=\(maximum)"])
        #expect(report.largestData >= 16_384)
        #expect(report.largestData <= maximum)
        #expect(isComplete(report, [1]))
    }

    @Test("Downloads that are given up leave the connection as it was")
    func cancelled() throws {
        let report = try run("cancelled", ["count=40"])
        #expect(isComplete(report, [81]))
        #expect(report.ended == [81])
    }

    @Test("After streams that were reset under way the next answer comes")
    func resetUnderWay() throws {
        let report = try run("reset_under_way", ["small=/cells/dataset_identity.json", "rounds=30"])
        #expect(report.steps == (0..<30).map { 6 * $0 + 5 })
        #expect(report.overrun == 0)
        #expect(report.goaways.isEmpty)
        let small = try #require(export.files["dataset_identity.json"])
        #expect(report.steps.allSatisfy { readFile(folder("\($0)")) == small })
    }

    @Test("Streams that are reset under way do not move the connection's window")
    func resetInNarrowWindow() throws {
        let report = try run("reset_in_narrow_window", ["rounds=40"])
        #expect(isComplete(report, [81]))
    }

    @Test("Several downloads share the connection")
    func shared() throws {
        let report = try run("shared", ["count=10"])
        #expect(isComplete(report, (0..<10).map { 2 * $0 + 1 }))
    }

    @Test("A diligent client meets no limit")
    func normal() throws {
        let file = try #require(export.files["points_2d.bin"])
        let report = try HTTP2Client.run(
            "windows",
            "normal",
            port: export.gateway.port,
            ["path=/cells/points_2d.bin", "size=\(file.count)", "folder=\(folder.path)"]
        )
        // Some of those that were given up have been quicker than that.
        #expect(try 4_900...5_000 ~= #require(report.steps.first))
        #expect(report.goaways.isEmpty)
        #expect(report.resets.isEmpty)
        #expect(report.closed == nil)
        #expect(!export.gateway.errorText.contains("disconnected"))
    }
}
