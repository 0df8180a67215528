import Glibc
import TestSupport
import Testing

@testable import Viewers

/// A folder for a log, and what tests do with the log in it.
struct EventLogFixture {
    let folder = TemporaryDirectory()
    static let now: Int64 = 1_700_000_000_000

    var path: String { folder("log") }

    func open(_ limits: EventLog.Limits = .init()) throws -> EventLog {
        try EventLog(folder: path, limits: limits)
    }

    /// The names of its segments, oldest first.
    var segments: [String] { Repository.names(in: path) }

    func bytes(_ segment: String) -> [UInt8] { readFile(path + "/" + segment) ?? [] }

    func replace(_ segment: String, _ bytes: [UInt8]) { folder.write("log/" + segment, bytes) }

    /// An event whose content tells its number.
    static func event(_ number: Int, bytes: Int = 0) -> [UInt8] {
        let text = "{\"n\":\(number)}"
        return Array((text + String(repeating: " ", count: max(0, bytes - text.utf8.count))).utf8)
    }
}

extension EventLog {
    /// Appends events one by one.
    func append(numbers: ClosedRange<Int>, bytes: Int = 0, at time: Int64 = EventLogFixture.now) throws {
        for number in numbers {
            let event = EventLogFixture.event(number, bytes: bytes)
            #expect(try append([event], unixMilliseconds: time) == UInt64(number)..<UInt64(number + 1))
        }
    }

    /// Everything after a cursor, and the markers of gaps on the way.
    func readAll(after cursor: UInt64? = nil, limit: Int = 7) throws -> (ids: [UInt64], resyncs: [UInt64]) {
        var ids: [UInt64] = []
        var resyncs: [UInt64] = []
        var cursor = cursor
        while true {
            let batch = try read(after: cursor, limit: limit)
            if let resync = batch.resync { resyncs.append(resync) }
            for record in batch.records {
                // No event has another one's content.
                let text = String(decoding: record.json, as: UTF8.self)
                #expect(text.hasPrefix("{\"n\":\(record.id)}"))
                ids.append(record.id)
            }
            if batch.records.isEmpty && batch.resync == nil { return (ids, resyncs) }
            cursor = batch.cursor
        }
    }
}
