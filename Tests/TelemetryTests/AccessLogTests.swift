import FoundationEssentials
import TestSupport
import Testing

@testable import Telemetry

@Suite struct AccessLogTests {
    private let record = AccessRecord(
        peer: "::1",
        method: "GET",
        path: "/a\"\n",
        version: "HTTP/1.1",
        status: 206,
        bytes: 1234,
        microseconds: 1500,
        userAgent: "agent \"x\"\r\nforged"
    )

    private func line(_ format: Log.Format) throws -> String {
        let folder = TemporaryDirectory()
        let sink = try LogSink.file(folder("access"))
        AccessLog(format: format, sink: sink).write(record)
        sink.stop()
        let text = String(decoding: readFile(folder("access")) ?? [], as: UTF8.self)
        #expect(text.utf8.filter { $0 == 0x0a }.count == 1)
        #expect(text.hasSuffix("\n"))
        return String(text.dropLast())
    }

    @Test func asText() throws {
        let line = try line(.text)
        let shown = #" ::1 "GET /a\"\n HTTP/1.1" 206 1234 1.5ms "agent \"x\"\r\nforged""#
        #expect(line.hasSuffix(shown))
    }

    @Test func asJSON() throws {
        let entry = try JSONDecoder().decode(AccessEntry.self, from: Data(line(.json).utf8))
        #expect(entry.peer == record.peer)
        #expect(entry.method == record.method)
        #expect(entry.path == record.path)
        #expect(entry.version == record.version)
        #expect(entry.status == 206)
        #expect(entry.bytes == 1234)
        #expect(entry.milliseconds == 1.5)
        #expect(entry.userAgent == record.userAgent)
    }
}
