import Glibc
import TestSupport
import Testing

@testable import WebApp

/// Stores that several processes use, that are killed, or that cannot write.
@Suite struct BuildStoreProcessTests {
    private let folder = TemporaryDirectory()

    private static let writer: String = {
        let gateway = GatewayProcessUnderTest.executable
        return gateway.prefix(upTo: gateway.lastIndex(of: "/") ?? gateway.startIndex) + "/build-store-writer"
    }()

    private func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            Self.writer,
            arguments,
            directory: folder.path,
            output: folder("output"),
            error: folder("error")
        )
    }

    private func text(_ name: String) -> String {
        String(decoding: readFile(folder(name)) ?? [], as: UTF8.self)
    }

    /// Runs a shell with file systems of its own, where the process may have such.
    /// - Returns: what it wrote, or `nil` when it may not, as in many containers.
    private func runIsolated(_ script: String) throws -> String? {
        let result = try ChildProcess.run("unshare", ["-r", "-m", "sh", "-c", "set -e; \(script)"])
        let output = String(decoding: result.output, as: UTF8.self)
        if output.contains("isolated\n") { return output + result.error }
        print("skipped: this needs a mount namespace: \(result.error)")
        return nil
    }

    @Test func killedAtAnyTime() throws {
        var hadBuild = false
        for round in 0..<50 {
            // Opening removes what the one before has left.
            let store = try BuildStore(directory: folder("store"))
            #expect(Repository.names(in: folder("store/incoming")).isEmpty)
            let child = try start(["commit", folder("store"), "\(round * 1000)", "1000"])
            // It has begun when it has made a folder; then every moment is as good.
            let isMaking: Bool? = Deadline(seconds: 30).firstAnswer {
                Repository.names(in: folder("store/incoming")).isEmpty ? nil : true
            }
            try #require(isMaking == true)
            usleep(UInt32.random(in: 0...50_000))
            child.kill()
            let contents = try store.open()
            #expect(contents.damages.isEmpty, "round \(round): \(contents.damages)")
            // Once there is a build there always is one.
            #expect(contents.current != nil || !hadBuild)
            hadBuild = contents.current != nil
        }
        #expect(hadBuild)
        // Nothing is left of the interrupted ones.
        let store = try BuildStore(directory: folder("store"))
        let last = try SampleApp.commit("last", into: store)
        try SampleApp.expect(last, is: "last")
        let names = Repository.names(in: folder("store/builds"))
        #expect(names.count <= 2 && names.contains(last.id))
        #expect(Repository.names(in: folder("store/incoming")).isEmpty)
        #expect(
            Repository.names(in: folder("store")) == ["builds", "current", "incoming", "lock", "previous"]
        )
    }

    @Test func severalAtTheSameTime() throws {
        let store = try BuildStore(directory: folder("store"))
        // Two of them commit the same builds.
        let children = try [0, 0, 500].map {
            try start(["commit", folder("store"), "\($0)", "25"])
        }
        while !children.allSatisfy(\.hasEnded) {
            let contents = try store.open()
            #expect(contents.damages.isEmpty)
            usleep(1000)
        }
        for child in children { #expect(child.waitForEnd() == .exit(0)) }
        #expect(text("output") == String(repeating: "committed\n", count: 3))
        let contents = try store.open()
        #expect(contents.current != nil && contents.previous != nil)
        #expect(Repository.names(in: folder("store/incoming")).isEmpty)
    }

    @Test func aLimitOfTheSizeOfFiles() throws {
        let store = try BuildStore(directory: folder("store"))
        let good = try SampleApp.commit("a", into: store)
        // In units of 512 bytes; the signal is ignored, as the gateway does, so that writing fails.
        let script = "trap '' XFSZ; ulimit -f 16; \(Self.writer) commit \(folder("store")) 7 1"
        let result = try ChildProcess.run("sh", ["-c", script])
        let output = String(decoding: result.output, as: UTF8.self)
        #expect(result.ending == .exit(1))
        #expect(output.contains("failed: diskFull \(folder("store/incoming"))"), "\(output)")
        #expect(
            output.contains("files/assets/js/1.js: the limit of the size of files is reached"),
            "\(output)"
        )
        #expect(store.currentID() == good.id)
        #expect(Repository.names(in: folder("store/incoming")).isEmpty)
    }

    @Test func aFullDisk() throws {
        folder.makeFolder("disk")
        let disk = folder("disk")
        let output = try runIsolated(
            """
            mount -t tmpfs -o size=256k none \(disk); echo isolated
            \(Self.writer) commit \(disk)/store 0 1
            \(Self.writer) commit \(disk)/store 1 9 || true
            dd if=/dev/zero of=\(disk)/filler bs=1k 2>/dev/null || true
            \(Self.writer) commit \(disk)/store 2 1 || true
            \(Self.writer) open \(disk)/store
            ls \(disk)/store/incoming
            """
        )
        guard let output else { return }
        #expect(output.contains("failed: diskFull \(disk)/store/"), "\(output)")
        #expect(output.contains(": the disk is full"), "\(output)")
        #expect(!output.contains("damage:") && !output.contains("current: none"), "\(output)")
    }

    @Test func aDirectoryThatCanOnlyBeRead() throws {
        let store = try BuildStore(directory: folder("store"))
        try SampleApp.commit("a", into: store)
        let bad = try SampleApp.commit("b", into: store).id
        let output = try runIsolated(
            """
            mount --bind \(folder("store")) \(folder("store"))
            mount -o remount,bind,ro \(folder("store")); echo isolated
            \(Self.writer) open \(folder("store"))
            \(Self.writer) open \(folder("store/none")) || true
            """
        )
        if let output {
            let problem = "readOnly \(folder("store/lock")): the file system is read-only\n"
            #expect(output.contains("read only: \(problem)current: b\nprevious: a\n"), "\(output)")
            #expect(output.contains("cannot stage: \(problem)"), "\(output)")
            #expect(output.contains("failed: readOnly \(folder("store/none")): "), "\(output)")
        }
        // A damaged build is passed over, and cannot be set aside.
        folder.write("store/builds/\(bad)/files/index.html", "damaged")
        let other = try runIsolated(
            """
            mount --bind \(folder("store")) \(folder("store"))
            mount -o remount,bind,ro \(folder("store")); echo isolated
            \(Self.writer) open \(folder("store"))
            """
        )
        guard let other else { return }
        #expect(other.contains("damage: \(folder("store/builds/\(bad)/files/index.html")): "), "\(other)")
        #expect(other.contains("current: a\nprevious: none\n"), "\(other)")
    }

    @Test func aLockThatIsNotGivenBack() throws {
        let store = try BuildStore(directory: folder("store"), lockSeconds: 0)
        let root = try Folder.open(folder("store"))
        let lock = try #require(try FileLock.exclusive("lock", in: root))
        #expect(try FileLock.exclusive("lock", in: root) == nil)
        let error = #expect(throws: BuildStoreError.self) { _ = try store.stage() }
        #expect(error?.kind == .locked)
        // Reading and opening the store need no lock.
        #expect(try BuildStore(directory: folder("store")).open().current == nil)
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: ["file/store", "file"]) func aPathThatIsNoDirectory(name: String) {
        folder.write("file", "x")
        #expect(throws: BuildStoreError.self) { try BuildStore(directory: folder(name)) }
    }
}
