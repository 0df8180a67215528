import Glibc
import Reactor
import TestSupport
import Testing

@testable import Telemetry

@Suite struct LogSinkTests {
    private let folder = TemporaryDirectory()

    private func text(_ name: String) -> String {
        String(decoding: readFile(folder(name)) ?? [], as: UTF8.self)
    }

    @Test func linesAreAppendedInTheirOrder() throws {
        folder.write("log", "before\n")
        let sink = try LogSink.file(folder("log"))
        for index in 0..<1000 { sink.write(Array("\(index)\n".utf8)) }
        sink.stop()
        #expect(text("log") == "before\n" + (0..<1000).map { "\($0)\n" }.joined())
    }

    @Test func afterARenameANewFileIsBegun() throws {
        let sink = try LogSink.file(folder("log"))
        sink.write(Array("one\n".utf8))
        #expect(Deadline(seconds: 30).wait { text("log") == "one\n" })
        #expect(rename(folder("log"), folder("log.1")) == 0)
        sink.write(Array("two\n".utf8))
        #expect(Deadline(seconds: 30).wait { text("log.1") == "one\ntwo\n" })
        sink.reopen()
        sink.write(Array("three\n".utf8))
        sink.stop()
        #expect(text("log.1") == "one\ntwo\n")
        #expect(text("log") == "three\n")
    }

    @Test func aReopenThatFailsKeepsTheOldFile() throws {
        folder.write("sub/log", "")
        let sink = try LogSink.file(folder("sub/log"))
        #expect(rename(folder("sub"), folder("moved")) == 0)
        sink.reopen()
        sink.write(Array("kept\n".utf8))
        sink.stop()
        #expect(text("moved/log") == "kept\n")
    }

    @Test func aFileThatCannotBeMade() {
        let error = #expect(throws: SystemError.self) { _ = try LogSink.file(folder("missing/log")) }
        #expect(error?.code == ENOENT)
    }

    /// The other end of the pipe is not read until more has been written than a sink keeps.
    @Test func whatIsTooMuchIsDroppedAndCounted() throws {
        #expect(mkfifo(folder("pipe"), 0o600) == 0)
        let reader = open(folder("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let sink = try LogSink.file(folder("pipe"))
        let line = [UInt8](repeating: 0x78, count: 65_535) + [0x0a]
        for _ in 0..<200 { sink.write(line) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let drained = Deadline(seconds: 60).wait {
            let count = read(reader, &buffer, buffer.count)
            if count > 0 { output += buffer[..<count] }
            return String(decoding: output.suffix(200), as: UTF8.self).contains("log lines were dropped")
        }
        #expect(drained)
        sink.stop()
        close(reader)
        let lines = output.split(separator: 0x0a)
        let kept = lines.filter { $0.first == 0x78 }
        #expect(kept.allSatisfy { $0.count == 65_535 })
        #expect(kept.count < 200)
        let notice = try #require(lines.last.map { String(decoding: $0, as: UTF8.self) })
        let dropped = try #require(notice.split(separator: " ").compactMap { Int($0) }.first)
        #expect(kept.count + dropped == 200)
    }
}
