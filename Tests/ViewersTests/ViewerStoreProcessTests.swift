import Codecs
import Glibc
import TestSupport
import Testing

@testable import Viewers

/// Logs, spools and stores of processes that are killed or that cannot write.
@Suite struct ViewerStoreProcessTests {
    private let folder = TemporaryDirectory()
    private let now = EventLogFixture.now

    private static let writer: String = {
        let gateway = GatewayProcessUnderTest.executable
        return gateway.prefix(upTo: gateway.lastIndex(of: "/") ?? gateway.startIndex) + "/viewer-store-writer"
    }()

    private func start(_ arguments: [String], output: String) throws -> ChildProcess {
        try ChildProcess(
            Self.writer,
            arguments,
            directory: folder.path,
            output: folder(output),
            error: folder("error")
        )
    }

    /// The lines that a writer has told, each split at spaces; the last one may be cut off.
    private func told(_ output: String) -> [[String]] {
        let text = String(decoding: readFile(folder(output)) ?? [], as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.map { $0.split(separator: " ").map(String.init) }
    }

    /// Starts a writer and kills it at some moment after it has told something.
    private func killAnywhere(_ arguments: [String], output: String) throws {
        let child = try start(arguments, output: output)
        try #require(Deadline(seconds: 30).wait { !told(output).isEmpty })
        usleep(UInt32.random(in: 0...20_000))
        child.kill()
    }

    // MARK: Killed

    @Test func logsOfKilledProcesses() throws {
        var kept: [UInt64: Int] = [:]
        var last: UInt64 = 0
        for round in 0..<20 {
            let output = "output-\(round)"
            try killAnywhere(["events", folder("log"), "\(round * 1_000_000)", "100000"], output: output)
            for words in told(output) where words.first == "kept" {
                let id = try #require(UInt64(words[1]))
                #expect(id > last)
                last = id
                kept[id] = Int(words[2])
            }
        }
        let log = try EventLog(folder: folder("log"), limits: .init(leastBytes: 1 << 30))
        var cursor: UInt64? = 0
        var found: [UInt64: Int] = [:]
        while true {
            let batch = try log.read(after: cursor)
            #expect(batch.resync == nil)
            for record in batch.records {
                let number = try #require(JSON(record.json)["number"])
                if case .number(let value) = number { found[record.id] = Int(value) }
            }
            if batch.records.isEmpty { break }
            cursor = batch.cursor
        }
        #expect(kept.count >= 20)
        #expect(kept.allSatisfy { found[$0.key] == $0.value })
        // What nobody was told of can be there too, but only whole and in order.
        #expect(found.keys.sorted() == Array(1..<log.nextID))
    }

    @Test func spoolsOfKilledProcesses() throws {
        var stored: [String: (count: String, sha256: String)] = [:]
        for round in 0..<10 {
            let output = "output-\(round)"
            try killAnywhere(["sessions", folder("spool"), "\(round * 10_000)", "10000"], output: output)
            for words in told(output) where words.first == "stored" {
                stored[words[1]] = (words[2], words[3])
            }
        }
        let spool = try SessionSpool(folder: folder("spool"))
        #expect(Repository.names(in: folder("spool")).allSatisfy { $0.hasSuffix(".cellucid-session") })
        let viewer = try #require(ViewerID("viewer"))
        for (request, bundle) in stored {
            let key = SessionKey(viewerID: viewer, requestID: try #require(ViewerID(request)))
            let fetch = try #require(try spool.fetch(key, unixMilliseconds: now))
            #expect("\(fetch.session.count)" == bundle.count && fetch.session.sha256 == bundle.sha256)
            let content = readFile("/proc/self/fd/\(fetch.descriptor)") ?? []
            #expect(content.count == fetch.session.count)
            #expect(SHA256.hexDigest(of: content) == bundle.sha256)
            fetch.finish()
        }
        #expect(stored.count >= 10)
    }

    @Test func subscribersOfKilledProcesses() throws {
        var states: [String: String] = [:]
        for round in 0..<10 {
            let output = "output-\(round)"
            try killAnywhere(["subscribers", folder("store"), "\(round * 1000)", "1000"], output: output)
            for words in told(output) { states[words[1]] = words[0] }
        }
        let store = try SubscriberStore(folder: folder("store"))
        let records = Dictionary(uniqueKeysWithValues: store.all.map { ($0.id.text, $0) })
        for (name, state) in states {
            let record = records[name]
            switch state {
            case "removed": #expect(record == nil, "\(name)")
            // Either may be.
            case "removing": break
            default:
                #expect(record?.secret == SecretHash(of: "secret of \(name)"), "\(name)")
                let id = try #require(ViewerID(name))
                let log = try #require(try store.log(of: id, unixMilliseconds: now))
                let count = try log.read(after: nil).records.count
                #expect(state == "kept" ? count == 1 : count <= 1, "\(name)")
            }
        }
        #expect(Repository.names(in: folder("store")).count == records.count)
    }

    @Test func anotherProcessHasTheLog() throws {
        let child = try start(["events", folder("log"), "0", "1000000"], output: "output")
        try #require(Deadline(seconds: 30).wait { !told("output").isEmpty })
        let error = #expect(throws: ViewerStoreError.self) { try EventLog(folder: folder("log")) }
        #expect(error?.kind == .inUse)
        child.kill()
        #expect(try EventLog(folder: folder("log")).nextID > 1)
    }

    // MARK: No room

    /// Runs a writer that cannot make files of more than 8 KiB.
    private func runLimited(_ arguments: String) throws -> String {
        // In units of 512 bytes; the signal is ignored, as the gateway does, so that writing fails.
        let script = "trap '' XFSZ; ulimit -f 16; \(Self.writer) \(arguments)"
        let result = try ChildProcess.run("sh", ["-c", script])
        #expect(result.ending == .exit(1))
        return String(decoding: result.output, as: UTF8.self)
    }

    @Test func noRoomForEvents() throws {
        let output = try runLimited("events \(folder("log")) 0 1000")
        #expect(output.contains("failed: diskFull \(folder("log"))"), "\(output)")
        #expect(output.contains(": the limit of the size of files is reached\n"), "\(output)")
        let kept = output.split(separator: "\n").filter { $0.hasPrefix("kept ") }.count
        let log = try EventLog(folder: folder("log"))
        // Nothing is left of the group that had no room.
        #expect(log.nextID == UInt64(kept + 1))
        #expect(try log.read(after: nil, limit: 1000).records.count == kept)
    }

    @Test func noRoomForSessions() throws {
        let output = try runLimited("sessions \(folder("spool")) 0 10")
        #expect(output.contains("stored request-1 7936 "), "\(output)")
        #expect(output.contains("failed: \(folder("spool"))/3.part: the limit of the size"), "\(output)")
        #expect(Repository.names(in: folder("spool")).count == 2)
    }
}
