import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct OpenBeneathTests {
    private let folder = TemporaryDirectory()
    private let directory: Int32

    init() {
        folder.write("secret.txt", "secret")
        folder.write("root/file.txt", "hello")
        folder.write("root/sub/deep/file.bin", [1, 2, 3])
        folder.write("root/locked", "x")
        chmod(folder("root/locked"), 0)
        mkfifo(folder("root/pipe"), 0o644)
        for (name, target) in [
            ("inside", "file.txt"), ("outside", "../secret.txt"), ("absolute", folder("root/file.txt")),
            ("loop", "loop"),
            ("up", ".."), ("subfolder", "sub"), ("dangling", "nowhere"),
        ] { symlink(target, folder("root/" + name)) }
        directory = open(folder("root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    private func kind(_ outcome: consuming OpenBeneath.Outcome) -> String {
        switch outcome {
        case .file(_, let version): "file of \(version.size)"
        case .directory: "directory"
        case .notFound: "not found"
        case .forbidden: "forbidden"
        case .failed(let error): "failed: \(error)"
        }
    }

    @Test(
        arguments: [
            ("file.txt", "file of 5"), ("sub/deep/file.bin", "file of 3"), ("sub", "directory"),
            ("sub/deep", "directory"),
            ("missing", "not found"), ("missing/file", "not found"), ("file.txt/x", "not found"),
            ("pipe", "not found"),
            ("..", "forbidden"), ("../secret.txt", "forbidden"), ("sub/../../secret.txt", "forbidden"),
            ("outside", "forbidden"), ("absolute", "forbidden"), ("up/secret.txt", "forbidden"),
            ("up/root/file.txt", "forbidden"),
            ("loop", "forbidden"), ("inside", "file of 5"), ("subfolder/deep/file.bin", "file of 3"),
            ("dangling", "not found"),
            ("/file.txt", "forbidden"), (String(repeating: "x", count: 300), "not found"),
        ]
    )
    func whatPathsLeadTo(path: String, expected: String) {
        #expect(kind(OpenBeneath.open(Array(path.utf8), beneath: directory)) == expected)
        close(directory)
    }

    /// Without `openat2` no link is followed; everything else is the same.
    @Test(
        arguments: [
            ("file.txt", 0), ("sub/deep/file.bin", 0), ("sub", 0), ("missing", ENOENT),
            ("file.txt/x", ENOTDIR), ("..", EXDEV),
            ("sub/../file.txt", EXDEV), ("../secret.txt", EXDEV), ("inside", ELOOP), ("outside", ELOOP),
            ("absolute", ELOOP),
            ("loop", ELOOP), ("subfolder/deep/file.bin", ENOTDIR), ("up/secret.txt", ENOTDIR), ("pipe", 0),
        ] as [(String, Int32)]
    )
    func segmentBySegment(path: String, code: Int32) {
        let raw = OpenBeneath.openBySegments(Array(path.utf8), directory)
        let actual = raw < 0 ? errno : 0
        #expect(actual == code)
        if raw >= 0 { close(raw) }
        #expect(fcntl(directory, F_GETFD) >= 0, "the caller's directory stays open")
        close(directory)
    }

    @Test func aFileThatMayNotBeRead() {
        defer { close(directory) }
        if getuid() == 0 { return }
        #expect(kind(OpenBeneath.open(Array("locked".utf8), beneath: directory)) == "forbidden")
    }

    @Test func everyChangeIsAnotherVersion() throws {
        defer { close(directory) }
        guard case .file(let file, let version) = OpenBeneath.open(Array("file.txt".utf8), beneath: directory)
        else {
            Issue.record("no file")
            return
        }
        #expect(FileVersion.of(descriptor: file.raw) == version)
        folder.write("root/file.txt", "other text")
        #expect(FileVersion.of(descriptor: file.raw) != version)
        #expect(version.modifiedSeconds == version.modified / 1_000_000_000)
        #expect(FileVersion.of(descriptor: -1) == nil)
    }
}
