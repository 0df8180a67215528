import TestSupport
import Testing

/// Files that change while they are sent over HTTP/2.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2ChangedFileTests {
    private static let content = ExportFixture.noise(8_000_000)

    private let folder = TemporaryDirectory()

    private func run(_ name: String, _ arguments: [String] = []) throws -> HTTP2Report {
        let export = try ServedExport(["large.bin": Self.content], arguments: ["--h2c"])
        let report = try HTTP2Client.run(
            "changes",
            name,
            port: export.gateway.port,
            [
                "path=/cells/large.bin", "file=\(export.path("large.bin"))", "other=/cells/points_2d.bin",
                "folder=\(folder.path)",
            ] + arguments
        )
        // Other streams never notice.
        let other = try #require(export.files["points_2d.bin"])
        for stream in [3, 5] {
            #expect(report.statuses[stream] == 200)
            #expect(report.ended.contains(stream))
            #expect(readFile(folder("\(stream)")) == other)
        }
        #expect(report.goaways.isEmpty)
        #expect(report.closed == nil)
        return report
    }

    @Test("A file that is cut short resets its stream", arguments: [0, 10_000, 3_000_000, 7_999_999])
    func truncated(length: Int) throws {
        let report = try run("truncated", ["length=\(length)"])
        #expect(report.resets == [1: HTTP2Report.Code.internalError])
        #expect(!report.ended.contains(1))
        // What came is what was in the file before.
        let received = readFile(folder("1")) ?? []
        #expect(received.count >= 65_535)
        #expect(Self.content.starts(with: received.prefix(65_535)))
    }

    @Test("A file that is overwritten resets its stream")
    func overwritten() throws {
        let report = try run("overwritten")
        #expect(report.resets == [1: HTTP2Report.Code.internalError])
        #expect(!report.ended.contains(1))
    }

    @Test(
        "A file that is replaced or removed comes whole in its old version",
        arguments: ["replaced", "removed"]
    )
    func replaced(name: String) throws {
        let report = try run(name)
        #expect(report.resets.isEmpty)
        #expect(report.ended == [1, 3, 5])
        #expect(readFile(folder("1")) == Self.content)
    }
}
