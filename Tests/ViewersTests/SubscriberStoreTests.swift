import TestSupport
import Testing

@testable import Viewers

/// Subscribers on the disk.
@Suite struct SubscriberStoreTests {
    private let folder = TemporaryDirectory()
    private let now = EventLogFixture.now
    private let day: Int64 = 86_400_000
    private var path: String { folder("store") }

    private func record(_ name: String, secret: String = "secret") throws -> SubscriberRecord {
        let id = try #require(ViewerID(name))
        return SubscriberRecord(id: id, secret: SecretHash(of: secret), created: now)
    }

    /// Descriptors of this process that are open below the store.
    private var openFiles: Int {
        Repository.names(in: "/proc/self/fd").count { name in
            FileLinks.target(of: "/proc/self/fd/\(name)").hasPrefix(path + "/")
        }
    }

    @Test func survivesTheProcess() throws {
        let records = try ["v", "w/ü?", String(repeating: "x", count: 128)].map { try record($0) }
        do {
            let store = try SubscriberStore(folder: path)
            #expect(store.all.isEmpty)
            for record in records { try store.add(record) }
            let log = try #require(try store.log(of: records[1].id, unixMilliseconds: now))
            try log.append(numbers: 1...3)
        }
        let store = try SubscriberStore(folder: path)
        #expect(store.all == records.sorted { $0.id.text < $1.id.text })
        let log = try #require(try store.log(of: records[1].id, unixMilliseconds: now))
        #expect(try log.readAll() == ([1, 2, 3], []))
        #expect(try store.log(of: records[1].id, unixMilliseconds: now) === log)
        #expect(try store.log(of: #require(ViewerID("none")), unixMilliseconds: now) == nil)
    }

    @Test func addingAgainBeginsAnew() throws {
        let store = try SubscriberStore(folder: path)
        try store.add(record("v"))
        let id = try record("v").id
        let old = try #require(try store.log(of: id, unixMilliseconds: now))
        try old.append(numbers: 1...3)
        let other = try record("v", secret: "other")
        try store.add(other)
        let error = #expect(throws: ViewerStoreError.self) { try old.read(after: nil) }
        #expect(error?.kind == .closed)
        #expect(store.all == [other])
        #expect(try store.log(of: id, unixMilliseconds: now)?.nextID == 1)
    }

    @Test func removing() throws {
        let store = try SubscriberStore(folder: path)
        for name in ["open", "closed"] {
            let record = try record(name)
            try store.add(record)
            try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 1...3)
        }
        _ = store.sweep(idleMilliseconds: day, unixMilliseconds: now + 60_000)
        #expect(openFiles == 0)
        let log = try #require(try store.log(of: record("open").id, unixMilliseconds: now))
        #expect(try store.remove(record("open").id))
        #expect(try store.remove(record("closed").id))
        #expect(try !store.remove(record("closed").id))
        #expect(Repository.names(in: path).isEmpty)
        let error = #expect(throws: ViewerStoreError.self) { try log.read(after: nil) }
        #expect(error?.kind == .closed)
    }

    @Test func idleLogsAreClosed() throws {
        let store = try SubscriberStore(folder: path)
        let records = try (0..<5).map { try record("v\($0)") }
        for record in records {
            try store.add(record)
            try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 1...1)
        }
        #expect(openFiles == 10)
        let followed = try #require(try store.log(of: records[0].id, unixMilliseconds: now))
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + 59_999).isEmpty)
        #expect(openFiles == 10)
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + 60_000).isEmpty)
        #expect(openFiles == 2)
        // It goes on where it was.
        for record in records.dropFirst() {
            try store.log(of: record.id, unixMilliseconds: now + 60_000)?.append(numbers: 2...2)
        }
        #expect(try store.log(of: records[0].id, unixMilliseconds: now + 60_000) === followed)
    }

    @Test func idleSubscribersGo() throws {
        let names = ["unused", "noted", "asked", "followed"]
        let all = try names.map { try record($0) }
        do {
            let store = try SubscriberStore(folder: path)
            for record in all { try store.add(record) }
            let log = try store.log(of: all[3].id, unixMilliseconds: now)
            store.noteUse(all[1].id, unixMilliseconds: now + 1000)
            _ = try store.log(of: all[2].id, unixMilliseconds: now + 2000)
            #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + day - 1).isEmpty)
            withExtendedLifetime(log) {}
        }
        // The times of use survive too.
        let store = try SubscriberStore(folder: path)
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + day) == [all[0].id])
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + day + 999).isEmpty)
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + day + 1000) == [all[1].id])
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + day + 2000) == [all[2].id])
        #expect(store.all == [all[3]])
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + 2 * day - 2).isEmpty)
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + 2 * day - 1) == [all[3].id])
        #expect(Repository.names(in: path).isEmpty)
    }

    @Test func oldEventsGo() throws {
        let store = try SubscriberStore(folder: path, limits: .init(mostMilliseconds: 1000))
        let record = try record("v")
        try store.add(record)
        try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 1...3)
        _ = store.sweep(idleMilliseconds: day, unixMilliseconds: now + 2000)
        let log = try #require(try store.log(of: record.id, unixMilliseconds: now + 2000))
        #expect(try log.readAll(after: 1) == ([], [4]))
    }

    // MARK: Removed by other hands

    @Test(arguments: ["the store", "a subscriber"], [true, false])
    func aRemovedFolderIsNotMadeAgain(what: String, isLogOpen: Bool) throws {
        let store = try SubscriberStore(folder: path)
        let record = try record("v")
        try store.add(record)
        try store.requireFolder()
        let request = SessionRequestRecord(expires: now + 1000)
        #expect(try store.keep(request, of: record.id))
        if isLogOpen { try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 1...3) }
        let isStore = what == "the store"
        folder.remove(isStore ? "store" : "store/" + SubscriberFolder.name(record.id))
        let errors = [
            #expect(throws: ViewerStoreError.self) {
                try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 4...4)
            },
            #expect(throws: ViewerStoreError.self) {
                try store.keep(SessionRequestRecord(expires: now + 1000), of: record.id)
            },
        ]
        #expect(errors.allSatisfy { $0?.kind == .removed }, "\(errors)")
        try store.drop(SessionKey(viewerID: record.id, requestID: request.requestID))
        store.noteUse(record.id, unixMilliseconds: now + 1000)
        #expect(store.sweep(idleMilliseconds: day, unixMilliseconds: now + 1000).isEmpty)
        #expect(Repository.names(in: path).isEmpty)
        if isStore {
            let error = #expect(throws: ViewerStoreError.self) { try store.add(self.record("w")) }
            #expect(error?.kind == .removed && error?.path == path)
            #expect(throws: ViewerStoreError.self) { try store.requireFolder() }
            #expect(Repository.names(in: folder.path).isEmpty)
        } else {
            try store.add(record)
            #expect(try store.log(of: record.id, unixMilliseconds: now)?.nextID == 1)
        }
    }

    // MARK: Damage

    @Test(arguments: ["damaged", "empty", "missing", "of another viewer", "half removed"])
    func aFolderWithoutItsRecord(how: String) throws {
        let good = try record("good")
        let bad = try record("bad")
        do {
            let store = try SubscriberStore(folder: path)
            for record in [good, bad] {
                try store.add(record)
                try store.log(of: record.id, unixMilliseconds: now)?.append(numbers: 1...3)
            }
        }
        let folderName = "store/" + SubscriberFolder.name(bad.id)
        let name = folderName + "/subscriber"
        var bytes = bad.bytes
        switch how {
        case "damaged":
            bytes[40] ^= 1
            folder.write(name, bytes)
        case "empty": folder.write(name, "")
        case "missing": folder.rename(name, to: folderName + "/subscriber.part")
        case "of another viewer": folder.write(name, good.bytes)
        default:
            folder.remove(name)
            folder.remove(folderName + "/events")
        }
        folder.write("store/notes", "of somebody")
        let store = try SubscriberStore(folder: path)
        #expect(store.all == [good])
        #expect(Repository.names(in: path) == [SubscriberFolder.name(good.id), "notes"].sorted())
        try store.add(bad)
        #expect(try store.log(of: bad.id, unixMilliseconds: now)?.nextID == 1)
    }

    /// Whatever changes in the file, it is either noticed or without effect.
    @Test func oneByteOfARecordChanged() throws {
        let record = try record("viewer")
        #expect(SubscriberRecord(record.bytes) == record)
        for place in record.bytes.indices {
            for bit in 0..<8 {
                var bytes = record.bytes
                bytes[place] ^= 1 << bit
                #expect(SubscriberRecord(bytes) == nil, "byte \(place)")
            }
            #expect(SubscriberRecord(Array(record.bytes.prefix(place))) == nil)
        }
    }

    @Test func oneStoreAtATimeHasAFolder() throws {
        let store = try SubscriberStore(folder: path)
        let error = #expect(throws: ViewerStoreError.self) { try SubscriberStore(folder: path) }
        #expect(error?.kind == .inUse && error?.path == path)
        withExtendedLifetime(store) {}
    }
}
