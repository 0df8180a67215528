// Uses a log, a spool or a store of subscribers in a process of its own, so that tests can interrupt it or limit it.
//
//     viewer-store-writer events FOLDER SEED COUNT      appends COUNT groups of events, and prints what was kept
//     viewer-store-writer sessions FOLDER SEED COUNT    uploads COUNT bundles, and prints what was stored
//     viewer-store-writer subscribers FOLDER SEED COUNT adds COUNT subscribers with an event, removes every other
//     viewer-store-writer read FOLDER                   prints what a log has
import Glibc
import Viewers

/// Prints a line at once, so that it is there when the process is killed.
func tell(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { fatalError("write") }
}

/// An event that tells its own number in the sequence of all runs, of 16 bytes to 20 KiB.
func event(_ number: Int) -> [UInt8] {
    let padding = String(repeating: "x", count: number * 7919 % (number % 10 == 0 ? 20_000 : 200))
    return Array("{\"number\":\(number),\"padding\":\"\(padding)\"}".utf8)
}

func appendEvents(_ folder: String, _ seed: Int, _ count: Int) throws(ViewerStoreError) {
    let log = try EventLog(folder: folder, limits: .init(segmentBytes: 64 << 10, leastBytes: 1 << 30))
    var number = seed
    for _ in 0..<count {
        let group = (number..<number + 1 + number % 7).map(event)
        let ids = try log.append(group, unixMilliseconds: 1_700_000_000_000)
        for (place, id) in ids.enumerated() { tell("kept \(id) \(number + place)") }
        number += group.count
    }
}

func upload(_ folder: String, _ seed: Int, _ count: Int) throws {
    let spool = try SessionSpool(folder: folder)
    guard let viewer = ViewerID("viewer") else { fatalError("viewer") }
    for number in seed..<seed + count {
        guard let request = ViewerID("request-\(number)") else { fatalError("request") }
        let key = SessionKey(viewerID: viewer, requestID: request)
        let filling = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 7919 % 100_000)
        let bundle = SessionSpool.magic + filling
        let upload = try spool.begin(key, announced: bundle.count)
        for start in stride(from: 0, to: bundle.count, by: 10_000) {
            try upload.append(bundle.span.extracting(start..<min(start + 10_000, bundle.count)))
        }
        let stored = try upload.finish(unixMilliseconds: 1_700_000_000_000)
        tell("stored \(request) \(stored.count) \(stored.sha256)")
    }
}

func subscribe(_ folder: String, _ seed: Int, _ count: Int) throws(ViewerStoreError) {
    let store = try SubscriberStore(folder: folder)
    for number in seed..<seed + count {
        guard let id = ViewerID("viewer-\(number)") else { fatalError("viewer") }
        let secret = SecretHash(of: "secret of \(id)")
        try store.add(SubscriberRecord(id: id, secret: secret, created: 1_700_000_000_000))
        tell("added \(id)")
        _ = try store.log(of: id, unixMilliseconds: 1_700_000_000_000)?
            .append([event(number)], unixMilliseconds: 1_700_000_000_000)
        tell("kept \(id)")
        if number % 2 == 0 {
            tell("removing \(id)")
            try store.remove(id)
            tell("removed \(id)")
        }
    }
}

do {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else { fatalError("usage: see the source") }
    let seed = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0
    let count = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
    switch arguments[1] {
    case "events": try appendEvents(arguments[2], seed, count)
    case "subscribers": try subscribe(arguments[2], seed, count)
    case "sessions": try upload(arguments[2], seed, count)
    default:
        let log = try EventLog(folder: arguments[2])
        let batch = try log.read(after: nil)
        tell("read \(batch.records.count) next \(log.nextID)")
    }
} catch let error as ViewerStoreError {
    tell("failed: \(error.kind) \(error)")
    exit(1)
} catch {
    tell("failed: \(error)")
    exit(1)
}
