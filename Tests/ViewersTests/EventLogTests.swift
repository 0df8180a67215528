import TestSupport
import Testing

@testable import Viewers

/// Keeping events, reading them, and forgetting old ones.
@Suite struct EventLogTests {
    private let fixture = EventLogFixture()
    private let now = EventLogFixture.now

    @Test func keepsEventsInTheirOrder() throws {
        do {
            let log = try fixture.open()
            let events = (1...5).map { EventLogFixture.event($0) }
            #expect(try log.append(events, unixMilliseconds: now) == 1..<6)
            #expect(try log.append([], unixMilliseconds: now) == 6..<6)
            try log.append(numbers: 6...6, at: now + 1)
            let batch = try log.read(after: 3)
            #expect(batch.records.map(\.id) == [4, 5, 6])
            #expect(batch.records.map(\.unixMilliseconds) == [now, now, now + 1])
            #expect(batch.records[0].json == events[3])
            #expect(batch.resync == nil && batch.cursor == 6)
        }
        let log = try fixture.open()
        #expect(log.nextID == 7)
        try log.append(numbers: 7...9)
        #expect(try log.readAll() == (Array(1...9), []))
        #expect(try log.readAll(after: 8) == ([9], []))
        #expect(try log.read(after: 9) == EventBatch(resync: nil, records: [], cursor: 9))
    }

    @Test func anEmptyLog() throws {
        let log = try fixture.open()
        #expect(try log.read(after: nil) == EventBatch(resync: nil, records: [], cursor: 0))
        #expect(try log.read(after: 0) == EventBatch(resync: nil, records: [], cursor: 0))
        try log.append(numbers: 1...1)
        #expect(try log.readAll(after: 0) == ([1], []))
    }

    @Test(arguments: [4, 17, UInt64.max]) func aCursorFromElsewhere(cursor: UInt64) throws {
        let log = try fixture.open()
        try log.append(numbers: 1...3)
        let batch = try log.read(after: cursor)
        #expect(batch.resync == 1 && batch.records.map(\.id) == [1, 2, 3] && batch.cursor == 3)
    }

    @Test func batchesAreLimited() throws {
        let log = try fixture.open()
        try log.append(numbers: 1...10, bytes: 1000)
        #expect(try log.read(after: 2, limit: 3).records.map(\.id) == [3, 4, 5])
        #expect(try log.read(after: 2, mostBytes: 2500).records.map(\.id) == [3, 4])
        // One is always there, or nobody would get past it.
        #expect(try log.read(after: 2, mostBytes: 10).records.map(\.id) == [3])
    }

    @Test func largeEvents() throws {
        let log = try fixture.open()
        let largest = EventLogFixture.event(1, bytes: EventLog.mostEventBytes)
        #expect(try log.append([largest], unixMilliseconds: now) == 1..<2)
        try log.append(numbers: 2...3)
        #expect(try log.readAll() == ([1, 2, 3], []))
        #expect(try log.read(after: nil, limit: 1).records.first?.json == largest)
        var error = #expect(throws: ViewerStoreError.self) {
            _ = try log.append([largest + [0x20]], unixMilliseconds: now)
        }
        #expect(error?.kind == .tooLarge && error?.path == fixture.path)
        let most = EventLog.mostGroupBytes / EventLog.mostEventBytes
        error = #expect(throws: ViewerStoreError.self) {
            _ = try log.append(Array(repeating: largest, count: most + 1), unixMilliseconds: now)
        }
        #expect(error?.kind == .tooLarge)
        let group = Array(repeating: largest, count: most)
        #expect(try log.append(group, unixMilliseconds: now) == 4..<(4 + UInt64(most)))
    }

    // MARK: Old ones

    @Test func manyBytesDisplaceTheOldest() throws {
        let limits = EventLog.Limits(segmentBytes: 5000, leastBytes: 20_000)
        let log = try fixture.open(limits)
        for number in 1...100 {
            try log.append(numbers: number...number, bytes: 1000)
            #expect(log.byteCount <= 25_000)
            // What is gone has more later bytes than the limit.
            let first = try #require(try log.read(after: nil, limit: 1).records.first?.id)
            let later = number + 1 - Int(first)
            #expect(first == 1 || later * 1028 + fixture.segments.count * 28 > 20_000, "\(number)")
        }
        // Four events and a header make a segment.
        #expect(fixture.segments.first == "00000000000000000081.events" && fixture.segments.count == 5)
        #expect(try log.readAll(after: 80) == (Array(81...100), []))
        for cursor: UInt64 in [0, 1, 79] {
            #expect(try log.readAll(after: cursor) == (Array(81...100), [81]))
        }
        #expect(try log.readAll() == (Array(81...100), []))
    }

    @Test func timeDisplacesTheOldest() throws {
        let limits = EventLog.Limits(mostMilliseconds: 80_000)
        let log = try fixture.open(limits)
        for number in 1...100 {
            try log.append(numbers: number...number, at: now + Int64(number) * 1000)
        }
        let (ids, resyncs) = try log.readAll(after: 0)
        // At most an eighth more than what is young enough.
        #expect(resyncs == Array(ids.prefix(1)) && ids == Array((ids.first ?? 0)...100))
        #expect((81...92).contains(ids.count), "\(ids.count)")
    }

    @Test func numbersAreNotGivenTwiceWhenEverythingIsTooOld() throws {
        let limits = EventLog.Limits(mostMilliseconds: 1000)
        do {
            let log = try fixture.open(limits)
            try log.append(numbers: 1...10)
            try log.trim(unixMilliseconds: now + 1000)
            #expect(try log.readAll() == (Array(1...10), []))
            try log.trim(unixMilliseconds: now + 1001)
            #expect(fixture.segments == ["00000000000000000011.events"])
            try log.trim(unixMilliseconds: now + 9999)
            #expect(fixture.segments == ["00000000000000000011.events"])
        }
        let log = try fixture.open(limits)
        #expect(log.nextID == 11)
        #expect(try log.read(after: 5) == EventBatch(resync: 11, records: [], cursor: 10))
        #expect(try log.read(after: 10) == EventBatch(resync: nil, records: [], cursor: 10))
        try log.append(numbers: 11...12)
        #expect(try log.readAll(after: 10) == ([11, 12], []))
        #expect(try log.readAll(after: 9) == ([11, 12], [11]))
    }

    // MARK: Several at a time

    @Test func oneLogAtATimeHasAFolder() throws {
        let log = try fixture.open()
        let error = #expect(throws: ViewerStoreError.self) { try fixture.open() }
        #expect(error?.kind == .inUse && error?.path == fixture.path)
        withExtendedLifetime(log) {}
    }

    @Test func appendingAndReadingAtTheSameTime() async throws {
        let log = try fixture.open(.init(segmentBytes: 4000, leastBytes: 40_000))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<100 {
                        let event = [UInt8](repeating: 0x31, count: 200)
                        let ids = try log.append([event, event], unixMilliseconds: EventLogFixture.now)
                        #expect(ids.count == 2)
                    }
                }
            }
            group.addTask {
                var cursor: UInt64 = 0
                while cursor < 600 {
                    let batch = try log.read(after: cursor, limit: 10)
                    // Without a gap, or with one that is told.
                    if let first = batch.records.first?.id {
                        #expect(batch.resync == first ? first > cursor + 1 : first == cursor + 1)
                        #expect(batch.records.map(\.id) == Array(first...batch.cursor))
                    }
                    cursor = batch.cursor
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(log.nextID == 601 && log.byteCount <= 44_000)
    }

    // MARK: Removed by other hands

    @Test func aRemovedFolderTakesNothing() throws {
        let log = try fixture.open()
        try log.append(numbers: 1...3)
        fixture.folder.remove("log")
        for _ in 0..<2 {
            let error = #expect(throws: ViewerStoreError.self) { try log.append(numbers: 4...4) }
            #expect(error?.kind == .removed && error?.path.hasPrefix(fixture.path) == true)
        }
        #expect(Repository.names(in: fixture.folder.path).isEmpty)
    }

    @Test func aRemovedSegmentTakesNothing() throws {
        let log = try fixture.open()
        try log.append(numbers: 1...3)
        fixture.folder.remove("log/00000000000000000001.events")
        let error = #expect(throws: ViewerStoreError.self) { try log.append(numbers: 4...4) }
        #expect(error?.kind == .removed)
        // It goes on with a new one, and nobody gets another event under a number that was given.
        #expect(try log.append([EventLogFixture.event(5)], unixMilliseconds: now) == 5..<6)
        #expect(try log.readAll(after: 3) == ([5], [5]))
    }

    @Test func removing() throws {
        let log = try fixture.open()
        try log.append(numbers: 1...3)
        try log.remove()
        #expect(Repository.names(in: fixture.folder.path).isEmpty)
        let errors = [
            #expect(throws: ViewerStoreError.self) { try log.read(after: nil) },
            #expect(throws: ViewerStoreError.self) { try log.append([[1]], unixMilliseconds: now) },
            #expect(throws: ViewerStoreError.self) { try log.trim(unixMilliseconds: now) },
        ]
        #expect(errors.allSatisfy { $0?.kind == .closed })
    }
}
