import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct DescriptorDirectoryTests {
    /// `O_PATH` of open(2), which Glibc does not declare.
    private static let pathOnly: Int32 = 0o10_000_000

    private let folder = TemporaryDirectory()

    init() {
        folder.write("file.txt", "hello")
        folder.write(".hidden", "")
        folder.write("sub/inner.txt", "inner")
        folder.link("link", to: "file.txt")
        folder.link("dangling", to: "nowhere")
        mkfifo(folder("pipe"), 0o644)
    }

    private func open(_ flags: Int32 = O_RDONLY) throws(SystemError) -> Descriptor {
        try Descriptor.open(FileName(folder.path), flags | O_DIRECTORY)
    }

    private func code(_ body: () throws(SystemError) -> Void) -> SystemError? {
        do throws(SystemError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Opening

    @Test func aDirectoryAndWhatIsInIt() throws {
        let directory = try open()
        let file = try directory.open(FileName("sub/inner.txt"), O_RDONLY)
        #expect(fcntl(file.raw, F_GETFD) & FD_CLOEXEC != 0, "no program that is started has it")
        #expect(try file.read(atMost: 100, at: 0) == Array("inner".utf8))
        folder.rename("sub", to: "renamed")
        #expect(try directory.open(FileName("renamed"), O_RDONLY | O_DIRECTORY).names() == ["inner.txt"])
    }

    @Test(arguments: [0o600, 0o640] as [mode_t])
    func aFileThatIsMade(mode: mode_t) throws {
        let file = try open().open(FileName("new"), O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        var status = stat()
        try #require(fstat(file.raw, &status) == 0)
        let mask = umask(0)
        umask(mask)
        #expect(status.st_mode & 0o777 == mode & ~mask)
    }

    @Test(
        arguments: [
            ("missing", O_RDONLY, ENOENT), ("file.txt/x", O_RDONLY, ENOTDIR),
            ("file.txt", O_RDONLY | O_DIRECTORY, ENOTDIR), ("link", O_RDONLY | O_NOFOLLOW, ELOOP),
            ("file.txt", O_WRONLY | O_CREAT | O_EXCL, EEXIST),
            ("pipe", O_WRONLY | O_NONBLOCK, ENXIO),
            (String(repeating: "x", count: 256), O_RDONLY, ENAMETOOLONG),
        ] as [(String, Int32, Int32)]
    )
    func whatCannotBeOpened(name: String, flags: Int32, expected: Int32) throws {
        let directory = try open()
        let error = code { () throws(SystemError) in _ = try directory.open(FileName(name), flags) }
        #expect(error == SystemError(code: expected, call: "open"))
    }

    // MARK: Looking

    @Test(arguments: [O_RDONLY, pathOnly])
    func whatIsInADirectory(flags: Int32) throws {
        let directory = try open(flags)
        for _ in 0..<2 {
            var kinds: [String: DirectoryEntry.Kind] = [:]
            for entry in try directory.entries() { kinds[entry.name.text] = entry.kind }
            #expect(
                kinds.keys.sorted() == [".hidden", "dangling", "file.txt", "link", "pipe", "sub"],
                "each listing begins anew"
            )
            // Some file systems do not say what an entry is.
            #expect(kinds["sub"] == .directory || kinds["sub"] == .unknown)
            #expect(kinds["link"] == .symbolicLink || kinds["link"] == .unknown)
            #expect(kinds["file.txt"] == .other || kinds["file.txt"] == .unknown)
        }
    }

    @Test func namesOfAllLengths() throws {
        let names = (1...255).map { String(repeating: "n", count: $0) }
        for name in names { folder.write("many/\(name)", "") }
        let many = try open().open(FileName("many"), O_RDONLY | O_DIRECTORY)
        #expect(try many.names() == names)
    }

    @Test func aNameThatIsNoText() throws {
        let directory = try open()
        let name = FileName(characters: [CChar(bitPattern: 0xFF), 0])
        _ = try directory.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        #expect(try directory.entries().contains { $0.name == name })
        #expect(try directory.names().contains("\u{FFFD}"))
        try directory.removeFile(name)
        #expect(try directory.status(of: name) == nil)
    }

    @Test func anEmptyDirectory() throws {
        folder.makeFolder("empty")
        let empty = try open().open(FileName("empty"), O_RDONLY | O_DIRECTORY)
        #expect(try empty.entries().isEmpty)
    }

    @Test func aFileIsNotListed() throws {
        let file = try open().open(FileName("file.txt"), O_RDONLY)
        let error = code { () throws(SystemError) in _ = try file.names() }
        #expect(error == SystemError(code: ENOTDIR, call: "open"))
    }

    @Test(
        arguments: [
            ("file.txt", .regular, .regular), ("sub", .directory, .directory),
            ("sub/inner.txt", .regular, .regular),
            ("link", .symbolicLink, .regular), ("dangling", .symbolicLink, nil), ("pipe", .other, .other),
            ("missing", nil, nil), ("file.txt/x", nil, nil),
        ] as [(String, FileStatus.Kind?, FileStatus.Kind?)]
    )
    func whatIsUnderAName(name: String, kind: FileStatus.Kind?, followed: FileStatus.Kind?) throws {
        let directory = try open(Self.pathOnly)
        #expect(try directory.status(of: FileName(name))?.kind == kind)
        #expect(try directory.status(of: FileName(name), followingLinks: true)?.kind == followed)
    }

    @Test func theStatusOfAnOpenFile() throws {
        let directory = try open()
        #expect(try directory.status().kind == .directory)
        let status = try directory.open(FileName("file.txt"), O_RDONLY).status()
        #expect(status.kind == .regular && status.version.size == 5)
        #expect(try directory.status(of: FileName("file.txt"))?.version == status.version)
    }

    @Test func aNameThatIsTooLongIsAnError() throws {
        let directory = try open()
        let name = FileName(String(repeating: "x", count: 256))
        let error = code { () throws(SystemError) in _ = try directory.status(of: name) }
        #expect(error == SystemError(code: ENAMETOOLONG, call: "fstatat"))
    }

    // MARK: Changing

    @Test func renaming() throws {
        let directory = try open()
        let sub = try directory.open(FileName("sub"), O_RDONLY | O_DIRECTORY)
        try directory.rename(FileName("file.txt"), to: FileName("inner.txt"), in: sub)
        #expect(try directory.status(of: FileName("file.txt")) == nil)
        #expect(try sub.open(FileName("inner.txt"), O_RDONLY).read(atMost: 9, at: 0) == Array("hello".utf8))
        try sub.rename(FileName("inner.txt"), to: FileName("other.txt"), in: sub)
        #expect(try sub.names() == ["other.txt"])
        let error = code { () throws(SystemError) in
            try sub.rename(FileName("missing"), to: FileName("x"), in: directory)
        }
        #expect(error == SystemError(code: ENOENT, call: "rename"))
    }

    @Test func removing() throws {
        let directory = try open()
        for name in ["file.txt", "link", "dangling", "pipe", "missing"] {
            try directory.removeFile(FileName(name))
        }
        #expect(try directory.names() == [".hidden", "sub"])
        let error = code { () throws(SystemError) in try directory.removeFile(FileName("sub")) }
        #expect(error == SystemError(code: EISDIR, call: "unlink"))
    }
}
