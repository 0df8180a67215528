import Glibc
import TestSupport
import Testing

@testable import WebApp

/// Archives that are damaged, or made to do harm.
@Suite struct BuildArchiveDamageTests {
    private let folder = TemporaryDirectory()

    /// An entry of an archive.
    struct Entry: Sendable {
        var name: String
        var content: [UInt8] = []
        var type: Character = "0"
    }

    private static func archive(_ entries: [Entry], isEnded: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += TarHeader.block(
                name: Array(entry.name.utf8),
                prefix: [],
                type: entry.type,
                mode: 0o644,
                size: entry.content.count,
                modifiedSeconds: 0
            )
            let padding = (512 - entry.content.count % 512) % 512
            bytes += entry.content + [UInt8](repeating: 0, count: padding)
        }
        return isEnded ? bytes + [UInt8](repeating: 0, count: 1024) : bytes
    }

    /// Loads an archive into a store with a build in it.
    /// - Returns: why that was refused.
    private func refusal(_ bytes: [UInt8]) throws -> BuildStoreError {
        let store = try BuildStore(directory: folder("store"))
        let before = try SampleApp.commit("before", into: store).id
        folder.write("a.tar", bytes)
        let error = try #require(
            throws: BuildStoreError.self,
            performing: { _ = try BuildArchive.load(folder("a.tar"), into: store) }
        )
        #expect(store.currentID() == before)
        #expect(Repository.names(in: folder("store/incoming")).isEmpty)
        return error
    }

    /// An archive of the sample app as it should be, entry by entry.
    private func entries() throws -> [Entry] {
        let store = try BuildStore(directory: folder("source"))
        let build = try SampleApp.commit("a", into: store)
        return [Entry(name: "w/build.json", content: build.manifest.json)]
            + Repository.files(in: build.path).filter { $0.contains("/") }.map {
                Entry(name: "w/\($0)", content: readFile("\(build.path)/\($0)") ?? [])
            }
    }

    @Test(
        arguments: [
            (Entry(name: "w/link", type: "2"), "w/link", "links are not allowed"),
            (Entry(name: "w/link", type: "1"), "w/link", "links are not allowed"),
            (Entry(name: "w/tty", type: "3"), "w/tty", "devices and pipes are not allowed"),
            (Entry(name: "w/disk", type: "4"), "w/disk", "devices and pipes are not allowed"),
            (Entry(name: "w/pipe", type: "6"), "w/pipe", "devices and pipes are not allowed"),
            (Entry(name: "w/s", type: "S"), "w/s", "entries of the type 83 are not supported"),
            (Entry(name: "/etc/x"), "/etc/x", "the name leads out of the archive"),
            (Entry(name: "w/../../x"), "w/../../x", "the name leads out of the archive"),
            (Entry(name: ".."), "..", "the name leads out of the archive"),
            (Entry(name: "w//x"), "w//x", "the name leads out of the archive"),
            (Entry(name: "w/files/index.html"), "w/files/index.html", "it is there twice"),
            (Entry(name: "w/files/index.html/", type: "5"), "w/files/index.html", "it is there twice"),
        ]
    )
    func entriesThatAreRefused(entry: Entry, name: String, reason: String) throws {
        let error = try refusal(Self.archive(try entries() + [entry]))
        #expect(error == BuildStoreError("\(folder("a.tar")): \(name)", reason, kind: .invalid))
    }

    @Test(
        arguments: [
            ("13 path=/etc\n", "/etc", "the name leads out of the archive"),
            ("15 path=../etc\n", "../etc", "the name leads out of the archive"),
            ("22 GNU.sparse.major=1\n", "w/x", "sparse files are not supported"),
            ("99 path=x\n", nil, "the pax records of an entry are not valid"),
            ("x", nil, "the pax records of an entry are not valid"),
            ("-3 path=x\n", nil, "the pax records of an entry are not valid"),
            ("9 path=x", nil, "the pax records of an entry are not valid"),
            ("11 size=-1\n", nil, "the pax records of an entry are not valid"),
            ("28 size=9223372036854775807\n", nil, "the archive was cut short"),
        ] as [(String, String?, String)]
    )
    func recordsThatAreRefused(records: String, name: String?, reason: String) throws {
        let entry = Entry(name: "PaxHeaders/x", content: Array(records.utf8), type: "x")
        let error = try refusal(Self.archive(try entries() + [entry, Entry(name: "w/x")]))
        #expect(error.path == folder("a.tar") + (name.map { ": \($0)" } ?? ""))
        #expect(error.reason == reason)
    }

    @Test func gnuLongNamesAreLookedAtToo() throws {
        let entry = Entry(name: "././@LongLink", content: Array("../../x\0".utf8), type: "L")
        let error = try refusal(Self.archive(try entries() + [entry, Entry(name: "w/x")]))
        #expect(error.reason == "the name leads out of the archive")
    }

    @Test func whatIsNoArchive() throws {
        let samples: [([UInt8], String)] = [
            ([], "it is no tar archive"), (Array("hello".utf8), "it is no tar archive"),
            ([UInt8](repeating: 65, count: 4096), "it is no tar archive"),
            (
                [0x1f, 0x8b, 8] + [UInt8](repeating: 0, count: 4096),
                "the archive is compressed; unpack it with gunzip first"
            ),
            ([UInt8](repeating: 0, count: 1024), "there is no build.json in the archive"),
            (Self.archive([Entry(name: "x")]), "there is no build.json in the archive"),
            (
                Self.archive([Entry(name: "a/build.json"), Entry(name: "b/build.json")]),
                "there are several builds in the archive"
            ),
            (Self.archive([Entry(name: "a/build.json")]), "it is no manifest of a build"),
        ]
        for (bytes, reason) in samples { #expect(try refusal(bytes).reason == reason) }
    }

    @Test func anArchiveThatIsTooLarge() throws {
        folder.write("a.tar", "")
        truncate(folder("a.tar"), off_t(TarReader.mostBytes) + 1)
        let store = try BuildStore(directory: folder("store"))
        let error = #expect(throws: BuildStoreError.self) {
            try BuildArchive.load(folder("a.tar"), into: store)
        }
        #expect(error?.reason == "it is larger than 1073741824 bytes")
    }

    @Test func everyFileMustBeThereAsItWas() throws {
        let good = try entries()
        for (index, entry) in good.enumerated().dropFirst() {
            var missing = good
            missing.remove(at: index)
            let error = try refusal(Self.archive(missing))
            #expect(error.description == "\(folder("a.tar")): \(entry.name): the file is missing")
            var changed = good
            changed[index].content = entry.content.isEmpty ? [1] : entry.content.dropLast() + [1]
            #expect(try refusal(Self.archive(changed)).kind == .damaged)
        }
        // More than that does no harm.
        let more = [Entry(name: "w/lock"), Entry(name: "w/files/assets/more.js", content: [1])]
        folder.write("a.tar", Self.archive(good + more))
        let build = try BuildArchive.load(folder("a.tar"), into: try BuildStore(directory: folder("store")))
        try SampleApp.expect(build, is: "a")
    }

    @Test func everyCutIsNoticed() throws {
        let bytes = Self.archive(try entries(), isEnded: false)
        for count in stride(from: 0, through: bytes.count, by: 256) {
            let error = try refusal(Array(bytes[..<count]))
            #expect(error.kind == .damaged || count < 512)
        }
    }

    @Test func everyChangedByteIsNoticedOrDoesNotMatter() throws {
        let store = try BuildStore(directory: folder("store"))
        let bytes = Self.archive(try entries())
        var noticed = 0
        for offset in stride(from: 0, to: bytes.count, by: 61) {
            var changed = bytes
            changed[offset] ^= 0x04
            folder.write("a.tar", changed)
            if let build = try? BuildArchive.load(folder("a.tar"), into: store) {
                try SampleApp.expect(build, is: "a")
            } else {
                noticed += 1
            }
        }
        #expect(noticed > 20)
        #expect(try store.open().damages.isEmpty)
    }
}
