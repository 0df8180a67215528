import Glibc
import Reactor
import Server
import TestSupport
import Testing

@testable import CellucidGateway

@Suite struct GzipStoreTests {
    private let folder = TemporaryDirectory()
    private let text = Array(String(repeating: "0.25,0.75,1.25\n", count: 20_000).utf8)

    private func file(_ name: String, _ bytes: [UInt8]) throws -> OpenFile {
        folder.write(name, bytes)
        let descriptor = try Descriptor(open(folder(name), O_RDONLY | O_CLOEXEC), from: "open")
        let version = try #require(FileVersion.of(descriptor: descriptor.raw))
        return OpenFile(descriptor, version: version)
    }

    private func kept() -> [String] {
        guard let stream = opendir(folder("cache/codings")) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    @Test func aCodingIsMadeOnce() throws {
        let store = try GzipStore(folder: folder("cache/codings"))
        let file = try file("plain", text)
        let first = try #require(try store.coding(of: file).get())
        #expect(first.size < file.size / 2)
        let coded = try #require(FileLoader.read(first))
        #expect(try gunzip(coded) == text)
        let second = try #require(try store.coding(of: file).get())
        #expect(second.version.inode == first.version.inode)
        #expect(kept().count == 1)
        let other = try GzipStore(folder: folder("cache/codings"))
        #expect(
            try other.coding(of: file).get()?.version.inode == first.version.inode,
            "another start finds it"
        )
    }

    @Test func anotherVersionHasAnotherCoding() throws {
        let store = try GzipStore(folder: folder("cache/codings"))
        _ = try store.coding(of: try file("plain", text)).get()
        let changed = try file("plain", text + text)
        let coded = try #require(try store.coding(of: changed).get().flatMap { FileLoader.read($0) })
        #expect(try gunzip(coded) == text + text)
        #expect(kept().count == 2)
    }

    @Test func whatDoesNotPayIsRemembered() throws {
        let store = try GzipStore(folder: folder("cache/codings"))
        let file = try file("noise", ExportFixture.noise(50_000))
        #expect(try store.coding(of: file).get() == nil)
        let names = kept()
        #expect(names.count == 1)
        #expect(readFile(folder("cache/codings/\(names.first ?? "")")) == [], "an empty file is the mark")
        #expect(try store.coding(of: file).get() == nil)
        #expect(kept() == names)
    }

    @Test func aFileThatChangesIsNotKept() throws {
        let store = try GzipStore(folder: folder("cache/codings"))
        let file = try file("plain", text)
        folder.write("plain", Array(text.dropLast(10)))
        #expect(throws: SystemError.self) { try store.coding(of: file).get() }
        #expect(kept() == [])
    }

    /// The budget counts the length of the files, so files without content will do.
    @Test func whatWasNotUsedForLongestGoesFirst() throws {
        _ = try GzipStore(folder: folder("cache/codings"))
        for (index, name) in ["b.gz", "a.gz", "c.gz", "unrelated"].enumerated() {
            folder.write("cache/codings/\(name)", "")
            truncate(folder("cache/codings/\(name)"), off_t(GzipStore.budgetBytes / 5 * 2))
            var times = [
                timespec(tv_sec: 1000 + index, tv_nsec: 0), timespec(tv_sec: 1000 + index, tv_nsec: 0),
            ]
            utimensat(AT_FDCWD, folder("cache/codings/\(name)"), &times, 0)
        }
        folder.write("cache/codings/old.part", "x")
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, folder("cache/codings/old.part"), &times, 0)
        folder.write("cache/codings/new.part", "x")
        _ = try GzipStore(folder: folder("cache/codings"))
        #expect(kept() == ["a.gz", "c.gz", "new.part", "unrelated"])
    }

    @Test func aFolderThatCannotBeMade() {
        folder.write("file", "x")
        let error = #expect(throws: SystemError.self) { _ = try GzipStore(folder: folder("file/cache")) }
        #expect(error?.code == ENOTDIR)
    }
}
