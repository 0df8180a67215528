import Codecs
import TestSupport
import Testing

@testable import Viewers

/// Session bundles on the disk.
@Suite struct SessionSpoolTests {
    private let folder = TemporaryDirectory()
    private let key = SessionRequestsTests.key("viewer", "request")
    private let now: Int64 = 1_700_000_000_000
    private var path: String { folder("spool") }

    private var names: [String] { Repository.names(in: path) }

    private func bundle(_ count: Int, _ filling: UInt8 = 0x61) -> [UInt8] {
        SessionSpool.magic + [UInt8](repeating: filling, count: count)
    }

    /// Uploads in pieces of a size.
    private func upload(
        _ bytes: [UInt8],
        to spool: SessionSpool,
        key: SessionKey? = nil,
        announced: Int? = nil,
        pieces: Int = 1000,
        at time: Int64? = nil
    ) throws -> StoredSession {
        let upload = try spool.begin(key ?? self.key, announced: announced ?? bytes.count)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try upload.append(bytes.span.extracting(start..<min(start + pieces, bytes.count)))
        }
        return try upload.finish(unixMilliseconds: time ?? now)
    }

    private func content(_ fetch: SessionFetch) -> [UInt8]? { readFile("/proc/self/fd/\(fetch.descriptor)") }

    // MARK: Good ones

    @Test(arguments: [1, 5, 16, 17, 18, 4096]) func isFetchedOnce(pieces: Int) throws {
        let spool = try SessionSpool(folder: path)
        let bytes = bundle(5000)
        let stored = try upload(bytes, to: spool, pieces: pieces)
        #expect(stored.count == bytes.count && stored.sha256 == SHA256.hexDigest(of: bytes))
        #expect(stored.expires == now + 3_600_000)
        #expect(spool.byteCount == bytes.count)
        do {
            let fetch = try #require(try spool.fetch(key, unixMilliseconds: now))
            #expect(fetch.session == stored && content(fetch) == bytes)
            // One at a time.
            #expect(try spool.fetch(key, unixMilliseconds: now) == nil)
        }
        // The first one was given up.
        let fetch = try #require(try spool.fetch(key, unixMilliseconds: now))
        fetch.finish()
        fetch.finish()
        #expect(content(fetch) == bytes)
        #expect(try spool.fetch(key, unixMilliseconds: now) == nil)
        #expect(names.isEmpty && spool.byteCount == 0)
    }

    @Test func theSmallestOne() throws {
        let spool = try SessionSpool(folder: path)
        #expect(try upload(bundle(0), to: spool).count == 17)
    }

    @Test func survivesTheProcess() throws {
        let bytes = bundle(100)
        let stored: StoredSession
        do { stored = try upload(bytes, to: SessionSpool(folder: path)) }
        folder.write("spool/7.part", "left over")
        folder.write("spool/notes", "of somebody")
        folder.makeFolder("spool/\(names.first ?? "").x")
        let spool = try SessionSpool(folder: path)
        #expect(names.count == 3 && spool.byteCount == bytes.count)
        let fetch = try #require(try spool.fetch(key, unixMilliseconds: now))
        #expect(fetch.session == stored && content(fetch) == bytes)
    }

    // MARK: Bad ones

    struct BadUpload: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let announced: Int
        let reason: String
    }

    static let magic = SessionSpool.magic
    static let badUploads = [
        BadUpload(
            testDescription: "wrong magic",
            bytes: Array("CELLUCID_SESSION/2\n".utf8),
            announced: 19,
            reason: "Invalid session bundle MAGIC header"
        ),
        BadUpload(
            testDescription: "wrong last byte of the magic",
            bytes: magic.dropLast() + [0x0d, 0x61],
            announced: 18,
            reason: "Invalid session bundle MAGIC header"
        ),
        BadUpload(
            testDescription: "shorter than the magic",
            bytes: magic.dropLast(),
            announced: 16,
            reason: "Session bundle truncated (missing MAGIC header)"
        ),
        BadUpload(
            testDescription: "nothing at all",
            bytes: [],
            announced: 100,
            reason: "Session bundle truncated (missing MAGIC header)"
        ),
        BadUpload(
            testDescription: "cut off",
            bytes: magic + [1, 2, 3],
            announced: 21,
            reason: "Session bundle truncated (20 of 21 bytes)"
        ),
        BadUpload(
            testDescription: "too long",
            bytes: magic + [1, 2, 3],
            announced: 19,
            reason: "Session bundle longer than announced (19 bytes)"
        ),
    ]

    @Test(arguments: badUploads, [1, 17, 1000]) func isRefused(bad: BadUpload, pieces: Int) throws {
        let spool = try SessionSpool(folder: path)
        let error = #expect(throws: SessionUploadError.self) {
            try upload(bad.bytes, to: spool, announced: bad.announced, pieces: pieces)
        }
        #expect(error?.status == 500 && error?.reason == bad.reason)
        #expect(error?.text == "Failed to receive session bundle: \(bad.reason)")
        #expect(names.isEmpty && spool.byteCount == 0)
        #expect(try spool.fetch(key, unixMilliseconds: now) == nil)
    }

    @Test(
        arguments: [
            (nil, 411, "Missing Content-Length"), (0, 411, "Missing Content-Length"),
            (-1, 411, "Missing Content-Length"),
            (536_870_913, 413, "Session bundle too large (>536870912 bytes)"),
        ] as [(Int?, Int, String)]
    )
    func lengthsThatAreRefused(announced: Int?, status: Int, text: String) throws {
        let spool = try SessionSpool(folder: path)
        let error = #expect(throws: SessionUploadError.self) { try spool.begin(key, announced: announced) }
        #expect(error?.status == status && error?.text == text)
        #expect(names.isEmpty && spool.byteCount == 0)
    }

    @Test func aRemovedFolderTakesNothing() throws {
        let spool = try SessionSpool(folder: path)
        try spool.requireFolder()
        let arriving = try spool.begin(key, announced: 18)
        try arriving.append(bundle(1).span)
        folder.remove("spool")
        #expect(throws: SessionUploadError.self) { try arriving.finish(unixMilliseconds: now) }
        let error = #expect(throws: SessionUploadError.self) { try spool.begin(key, announced: 18) }
        #expect(error?.status == 500 && error?.description.contains("removed") == true)
        let folderError = #expect(throws: ViewerStoreError.self) { try spool.requireFolder() }
        #expect(folderError?.kind == .removed && spool.byteCount == 0)
    }

    @Test func anUploadThatIsGivenUp() throws {
        let spool = try SessionSpool(folder: path)
        do {
            let upload = try spool.begin(key, announced: 1000)
            try upload.append(bundle(10).span)
            #expect(names == ["1.part"] && spool.byteCount == 1000)
        }
        #expect(names.isEmpty && spool.byteCount == 0)
        let upload = try spool.begin(key, announced: 1000)
        upload.cancel()
        let error = #expect(throws: SessionUploadError.self) { try upload.append(bundle(10).span) }
        guard case .store(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.kind == .closed)
        #expect(names.isEmpty && spool.byteCount == 0)
    }

    // MARK: Room and time

    @Test func allBundlesTogetherAreLimited() throws {
        let spool = try SessionSpool(folder: path, limits: .init(mostBytes: 1000))
        _ = try upload(bundle(600), to: spool)
        let other = SessionRequestsTests.key("viewer", "other")
        // What is announced counts, before it has arrived.
        let error = #expect(throws: SessionUploadError.self) { try spool.begin(other, announced: 384) }
        #expect(error?.text == "Failed to receive session bundle: The server has no room for it")
        #expect(error?.description.hasPrefix(path) == true)
        let upload = try spool.begin(other, announced: 383)
        #expect(spool.byteCount == 1000)
        upload.cancel()
        #expect(spool.byteCount == 617)
    }

    @Test func anotherOneTakesItsPlace() throws {
        let spool = try SessionSpool(folder: path)
        _ = try upload(bundle(10), to: spool)
        let old = try #require(try spool.fetch(key, unixMilliseconds: now))
        let stored = try upload(bundle(20), to: spool, at: now + 5)
        #expect(names.count == 1 && spool.byteCount == 37)
        // Whoever had begun still gets all of it, which does not count for the new one.
        #expect(content(old) == bundle(10))
        old.finish()
        let fetch = try #require(try spool.fetch(key, unixMilliseconds: now))
        #expect(fetch.session == stored && content(fetch) == bundle(20))
    }

    @Test func oldOnesGo() throws {
        let spool = try SessionSpool(folder: path, limits: .init(mostMilliseconds: 1000))
        let other = SessionRequestsTests.key("viewer", "other")
        _ = try upload(bundle(1), to: spool)
        _ = try upload(bundle(2), to: spool, key: other, at: now + 500)
        #expect(spool.sweep(unixMilliseconds: now + 999) == 0)
        do {
            let fetch = try #require(try spool.fetch(key, unixMilliseconds: now + 999))
            #expect(try spool.fetch(key, unixMilliseconds: now + 1000) == nil)
            // Not while it is on its way.
            #expect(spool.sweep(unixMilliseconds: now + 1000) == 0)
            withExtendedLifetime(fetch) {}
        }
        #expect(spool.sweep(unixMilliseconds: now + 1000) == 1)
        #expect(names.count == 1)
        #expect(try spool.fetch(key, unixMilliseconds: now + 1000) == nil)
        #expect(try spool.fetch(other, unixMilliseconds: now + 1000) != nil)
    }

    @Test func theLaterOfTwoOfOneKey() throws {
        var bytes: [String: [UInt8]] = [:]
        for (time, count) in [(now, 1), (now + 5, 2), (now + 3, 3)] {
            let spool = try SessionSpool(folder: path)
            _ = try upload(bundle(count), to: spool, at: time)
            for name in names { bytes[name] = readFile("\(path)/\(name)") }
        }
        for (name, content) in bytes { folder.write("spool/\(name)", content) }
        #expect(names.count == 3)
        let spool = try SessionSpool(folder: path)
        #expect(names.count == 1 && spool.byteCount == 19)
    }

    @Test func theBundlesOfAViewerGo() throws {
        let spool = try SessionSpool(folder: path)
        let keys = [("v", "1"), ("v", "2"), ("w", "1")].map { SessionRequestsTests.key($0.0, $0.1) }
        for key in keys { _ = try upload(bundle(9), to: spool, key: key) }
        #expect(spool.remove(viewerID: keys[0].viewerID) == 2)
        #expect(names.count == 1)
        #expect(try spool.fetch(keys[1], unixMilliseconds: now) == nil)
        #expect(try spool.fetch(keys[2], unixMilliseconds: now) != nil)
    }

    @Test func oneBundleOfAViewerGoes() throws {
        let spool = try SessionSpool(folder: path)
        let keys = ["1", "2"].map { SessionRequestsTests.key("v", $0) }
        for key in keys { _ = try upload(bundle(9), to: spool, key: key) }
        let bytes = spool.byteCount
        for _ in 0..<2 { spool.remove(keys[0]) }
        #expect(spool.byteCount == bytes / 2)
        #expect(names.count == 1)
        #expect(try spool.fetch(keys[0], unixMilliseconds: now) == nil)
        #expect(try spool.fetch(keys[1], unixMilliseconds: now) != nil)
    }

    @Test func aFileThatWasRemoved() throws {
        let spool = try SessionSpool(folder: path)
        _ = try upload(bundle(9), to: spool)
        folder.remove("spool/\(names.first ?? "")")
        #expect(try spool.fetch(key, unixMilliseconds: now) == nil)
        #expect(spool.byteCount == 0)
    }

    @Test func oneSpoolAtATimeHasAFolder() throws {
        let spool = try SessionSpool(folder: path)
        let error = #expect(throws: ViewerStoreError.self) { try SessionSpool(folder: path) }
        #expect(error?.kind == .inUse)
        withExtendedLifetime(spool) {}
    }
}
