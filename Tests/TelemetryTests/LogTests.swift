import FoundationEssentials
import TestSupport
import Testing

@testable import Telemetry

@Suite struct LogTests {
    /// The lines that `body` logs.
    private func lines(_ level: Log.Level, _ format: Log.Format, _ body: (Log) -> Void) throws -> [String] {
        let folder = TemporaryDirectory()
        let sink = try LogSink.file(folder("log"))
        body(Log(level: level, format: format, sink: sink))
        sink.stop()
        let text = String(decoding: readFile(folder("log")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    private func logAll(_ log: Log) {
        log.error("one")
        log.warning("two")
        log.info("three")
        log.debug("four")
    }

    @Test(arguments: zip(Log.Level.allCases, 1...4)) func levels(level: Log.Level, count: Int) throws {
        let words = ["error: one", "warning: two", "info: three", "debug: four"]
        let lines = try lines(level, .text) { logAll($0) }
        #expect(lines.count == count)
        for (line, word) in zip(lines, words) {
            #expect(line.hasSuffix(" " + word))
            #expect(line.utf8.count == "2026-01-31T09:05:00.250Z ".utf8.count + word.utf8.count)
        }
    }

    @Test func whatIsNotLoggedIsNotMade() throws {
        var isMade = false
        func message() -> String {
            isMade = true
            return "x"
        }
        #expect(try lines(.info, .text) { $0.debug(message()) }.isEmpty)
        #expect(!isMade)
    }

    private struct Entry: Decodable, Equatable {
        let time: String
        let level: String
        let message: String
    }

    private static let nasty = [
        "a\nb", "a\r\n2026-01-31T09:05:00.250Z error: forged", "\u{1b}[31m red", "nul\u{0}", "del\u{7f}",
        "c1 \u{85}\u{9b}",
        "quote \" and \\", "ünïcode – 😀", "",
    ]

    @Test(arguments: nasty) func messagesCannotForgeLines(message: String) throws {
        let lines = try lines(.info, .text) { $0.info(message) }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) })
    }

    @Test(arguments: nasty) func jsonLinesParse(message: String) throws {
        let lines = try lines(.info, .json) { $0.warning(message) }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        let entry = try JSONDecoder().decode(Entry.self, from: Data(line.utf8))
        #expect(entry.level == "warning")
        #expect(entry.message == message)
        #expect(entry.time.hasSuffix("Z"))
    }
}
