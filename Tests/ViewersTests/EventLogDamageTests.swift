import TestSupport
import Testing

@testable import Viewers

/// Logs that were interrupted or damaged.
@Suite struct EventLogDamageTests {
    private let fixture = EventLogFixture()
    private let now = EventLogFixture.now

    @Test func cutOffAnywhere() throws {
        do {
            let log = try fixture.open()
            try log.append(numbers: 1...3)
        }
        let name = try #require(fixture.segments.first)
        let whole = fixture.bytes(name)
        let recordBytes = (whole.count - EventSegment.headerSize) / 3
        for count in 0...whole.count {
            fixture.replace(name, Array(whole.prefix(count)))
            let kept = max(0, count - EventSegment.headerSize) / recordBytes
            do {
                let log = try fixture.open()
                #expect(try log.readAll() == (Array(1...3).prefix(kept).map { $0 }, []), "\(count)")
                #expect(log.nextID == UInt64(kept + 1))
                try log.append(numbers: kept + 1...kept + 2)
            }
            let log = try fixture.open()
            #expect(try log.readAll(after: 0) == ((1...UInt64(kept + 2)).map { $0 }, []), "\(count)")
            for name in fixture.segments { fixture.folder.remove("log/" + name) }
        }
    }

    /// Each byte of a log is changed in turn: only what it belongs to is lost, and that is told.
    @Test func oneByteChanged() throws {
        do {
            let log = try fixture.open()
            try log.append(numbers: 1...3)
        }
        let name = try #require(fixture.segments.first)
        let whole = fixture.bytes(name)
        let recordBytes = (whole.count - EventSegment.headerSize) / 3
        for place in whole.indices {
            var damaged = whole
            damaged[place] ^= 0x10
            fixture.replace(name, damaged)
            let inRecords = place - EventSegment.headerSize
            let record = inRecords / recordBytes + 1
            let isHeader = inRecords % recordBytes < EventRecordHeader.size
            // Without a header, the ones behind are not found.
            let kept: [UInt64] =
                inRecords < 0
                ? [1, 2, 3] : (1...3).filter { isHeader ? $0 < record : $0 != record }.map { UInt64($0) }
            var next: UInt64 = 0
            do {
                let log = try fixture.open()
                let (ids, resyncs) = try log.readAll(after: 0)
                #expect(ids == kept, "byte \(place)")
                #expect(resyncs.count == (inRecords < 0 ? 0 : 1), "byte \(place): \(resyncs)")
                next = log.nextID
                #expect(next >= 4)
                try log.append(numbers: Int(next)...Int(next + 1))
            }
            let log = try fixture.open()
            let (ids, resyncs) = try log.readAll(after: 0)
            #expect(ids == kept + [next, next + 1], "byte \(place)")
            #expect(resyncs.count == (inRecords < 0 ? 0 : 1), "byte \(place): \(resyncs)")
            for name in fixture.segments { fixture.folder.remove("log/" + name) }
        }
    }

    @Test func zerosInsteadOfTheLastEvents() throws {
        do {
            let log = try fixture.open()
            try log.append(numbers: 1...9)
        }
        let name = try #require(fixture.segments.first)
        var bytes = fixture.bytes(name)
        let start = bytes.count - (EventRecordHeader.size + 7) * 2
        for place in start..<bytes.count { bytes[place] = 0 }
        fixture.replace(name, bytes)
        let log = try fixture.open()
        #expect(try log.readAll() == (Array(1...7), [log.nextID]))
        #expect(log.nextID > 9)
        try log.append(numbers: Int(log.nextID)...Int(log.nextID))
    }

    @Test(arguments: ["damaged", "empty", "missing", "a folder"])
    func oneSegmentOfMany(how: String) throws {
        let limits = EventLog.Limits(segmentBytes: 500)
        do {
            let log = try fixture.open(limits)
            try log.append(numbers: 1...40, bytes: 80)
        }
        let names = fixture.segments
        #expect(names.count == 10)
        switch how {
        case "damaged": fixture.replace(names[4], fixture.bytes(names[4]).map { $0 ^ 0xff })
        case "empty": fixture.replace(names[4], [])
        case "missing": fixture.folder.remove("log/" + names[4])
        default:
            fixture.folder.remove("log/" + names[4])
            fixture.folder.makeFolder("log/" + names[4])
        }
        let log = try fixture.open(limits)
        #expect(try log.readAll(after: 0) == (Array(1...16) + Array(21...40), [21]))
        #expect(try log.readAll(after: 18) == (Array(21...40), [21]))
        #expect(try log.readAll(after: 20) == (Array(21...40), []))
        try log.append(numbers: 41...41, bytes: 80)
    }

    @Test func damagedWhileItIsOpen() throws {
        let log = try fixture.open()
        try log.append(numbers: 1...9)
        let name = try #require(fixture.segments.first)
        var bytes = fixture.bytes(name)
        bytes[EventSegment.headerSize + (EventRecordHeader.size + 7) * 4 + 1] ^= 1
        fixture.replace(name, bytes)
        #expect(try log.readAll(after: 0) == (Array(1...4), [10]))
        #expect(try log.readAll(after: 9) == ([], []))
    }

    @Test func otherFilesAreLeftAlone() throws {
        fixture.folder.makeFolder("log")
        for name in ["notes", "1.events", "00000000000000000000.events"] { fixture.replace(name, [1]) }
        let log = try fixture.open()
        try log.append(numbers: 1...2)
        #expect(try log.readAll() == ([1, 2], []))
        #expect(fixture.segments.count == 4)
    }
}
