import Glibc
import TestSupport
import Testing

@testable import WebApp

@Suite struct BuildArchiveTests {
    private let folder = TemporaryDirectory()

    private func store(_ name: String = "store") throws -> BuildStore {
        try BuildStore(directory: folder(name))
    }

    private static let longName = String(repeating: "0123456789", count: 20)

    /// A build with names of all kinds and a file that was added.
    private func build() throws -> Build {
        let store = try store()
        let staged = try store.stage()
        for file in SampleApp.files("a") { try staged.add(try SampleApp.path(file.path), file.content) }
        for name in ["assets/\(String(repeating: "long/", count: 19))name.js", "assets/\(Self.longName).bin"]
        {
            try staged.add(try SampleApp.path(name), Array(name.utf8), brotli: [5])
        }
        try staged.add(try SampleApp.path("assets/h\u{e9}.js"), [UInt8](repeating: 7, count: 512))
        let build = try staged.commit(
            origin: "https://example.org",
            buildID: "a",
            isInventoried: true,
            fetchedSeconds: SampleApp.fetchedSeconds
        )
        return try store.add(to: build, try SampleApp.path("assets/late.js"), [1, 2, 3])
    }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let result = try ChildProcess.run(program, arguments, directory: folder.path)
        #expect(result.ending == .exit(0), "\(program) \(arguments): \(result.error)")
        #expect(result.error == "")
        return String(decoding: result.output, as: UTF8.self)
    }

    // MARK: There

    @Test func thereAndBack() throws {
        let build = try build()
        try BuildArchive.export(build, to: folder("viewer.tar"))
        let loaded = try BuildArchive.load(folder("viewer.tar"), into: try store("other"))
        #expect(loaded.manifest == build.manifest)
        #expect(try store("other").open().current?.manifest == build.manifest)
        for (path, file) in build.files {
            for coding in Build.Coding.allCases where file.size(in: coding) != nil {
                #expect(try loaded.read(path, in: coding) == build.read(path, in: coding))
            }
        }
        // The same build gives the same bytes, wherever it is.
        try BuildArchive.export(loaded, to: folder("again.tar"))
        #expect(readFile(folder("again.tar")) == readFile(folder("viewer.tar")))
        #expect(Repository.names(in: folder.path) == ["again.tar", "other", "store", "viewer.tar"])
    }

    @Test func tarUnpacksIt() throws {
        let build = try build()
        try BuildArchive.export(build, to: folder("viewer.tar"))
        let list = try run("env", ["TZ=UTC", "tar", "--numeric-owner", "-tvf", "viewer.tar"]).split(
            separator: "\n"
        )
        #expect(
            list.allSatisfy { $0.contains(" 0/0 ") && $0.contains(" 2025-12-31 23:59 cellucid-web-app/") }
        )
        #expect(list.filter { $0.hasPrefix("drwxr-xr-x ") }.count == list.filter { $0.hasSuffix("/") }.count)
        #expect(list.filter { $0.hasPrefix("-rw-r--r-- ") }.count == list.filter { !$0.hasSuffix("/") }.count)
        _ = try run("tar", ["-xf", "viewer.tar"])
        let names = Repository.files(in: folder("cellucid-web-app"))
        #expect(names == Repository.files(in: build.path).filter { $0 != "lock" })
        for name in names {
            #expect(readFile(folder("cellucid-web-app/\(name)")) == readFile("\(build.path)/\(name)"))
        }
        let loaded = try BuildArchive.load(folder("cellucid-web-app"), into: try store("other"))
        #expect(loaded.manifest == build.manifest)
    }

    @Test func pythonReadsIt() throws {
        let build = try build()
        try BuildArchive.export(build, to: folder("viewer.tar"))
        let script = """
            import hashlib, json, tarfile
            archive = tarfile.open("viewer.tar")
            build = json.load(archive.extractfile("cellucid-web-app/build.json"))
            for file in build["files"]:
                content = archive.extractfile("cellucid-web-app/files/" + file["path"]).read()
                assert hashlib.sha256(content).hexdigest() == file["sha256"], file
            members = archive.getmembers()
            assert all(m.uid == m.gid == 0 and m.mtime == \(SampleApp.fetchedSeconds) for m in members)
            print(len(members), len(build["files"]))
            """
        let entries = Repository.files(in: build.path).count - 1
        let output = try run("python3", ["-c", script])
        #expect(output.hasSuffix(" \(build.files.count)\n"))
        #expect(Int(output.prefix { $0 != " " }) ?? 0 > entries)
    }

    @Test func whatCannotBeWritten() throws {
        let build = try build()
        for path in [folder("none/viewer.tar"), folder("store")] {
            #expect(throws: BuildStoreError.self) { try BuildArchive.export(build, to: path) }
        }
        folder.write("store/builds/\(build.id)/files/index.html", "damaged")
        let error = #expect(throws: BuildStoreError.self) {
            try BuildArchive.export(build, to: folder("viewer.tar"))
        }
        #expect(error?.kind == .damaged)
        #expect(Repository.names(in: folder.path) == ["store"])
    }

    // MARK: Back

    @Test(arguments: ["gnu", "pax", "oldgnu"]) func tarPacksIt(format: String) throws {
        let build = try build()
        let name = "--format=\(format)"
        _ = try run("tar", [name, "-C", folder("store/builds"), "-cf", "folder.tar", build.id])
        _ = try run("tar", [name, "-C", build.path, "-cf", "inside.tar", "."])
        _ = try run("tar", [name, "-C", build.path, "-cf", "names.tar", "gzip", "files", "br", "build.json"])
        for archive in ["folder", "inside", "names"] {
            let loaded = try BuildArchive.load(folder("\(archive).tar"), into: try store("of-\(archive)"))
            #expect(loaded.manifest == build.manifest)
        }
    }

    @Test(arguments: ["ustar", "v7"]) func tarPacksShortNames(format: String) throws {
        let build = try SampleApp.commit("a", into: try store())
        _ = try run("tar", ["--format=\(format)", "-C", build.path, "-cf", "a.tar", "."])
        let loaded = try BuildArchive.load(folder("a.tar"), into: try store("other"))
        #expect(loaded.manifest == build.manifest)
    }

    @Test(arguments: ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"]) func pythonPacksIt(format: String) throws {
        let build = format == "USTAR_FORMAT" ? try SampleApp.commit("a", into: try store()) : try build()
        let script = """
            import tarfile
            with tarfile.open("a.tar", "w", format=tarfile.\(format)) as archive:
                archive.add("\(build.path)", "cellucid-web-app")
            """
        _ = try run("python3", ["-c", script])
        #expect(try BuildArchive.load(folder("a.tar"), into: try store("other")).manifest == build.manifest)
    }

    // MARK: Folders

    @Test func theFolderOfABuild() throws {
        let build = try build()
        for path in [build.path, folder("store/current")] {
            let loaded = try BuildArchive.load(path, into: try store("other"))
            #expect(loaded.manifest == build.manifest)
        }
    }

    @Test func theCacheOfThePythonPackage() throws {
        for file in SampleApp.files("python") { folder.write("web-cache/\(file.path)", file.content) }
        folder.write("web-cache/.cellucid-web-prefetch.json", "{}")
        folder.write("web-cache/notes/todo.txt", "no part of it")
        folder.write("web-cache/assets/.DS_Store", "no part of it")
        let build = try BuildArchive.load(folder("web-cache/"), into: try store())
        try SampleApp.expect(build, is: "python")
        #expect(build.manifest.origin == "import:web-cache")
        #expect(build.manifest.buildID == "python")
        #expect(!build.manifest.isInventoried && build.manifest.fetchedSeconds > 0)
        #expect(try store().open().current?.id == build.id)
        let main = try SampleApp.path("assets/js/app/main.js")
        #expect(build.relativePath(of: main, in: .gzip) != nil)
    }

    @Test func foldersThatAreRefused() throws {
        for file in SampleApp.files("a") { folder.write("cache/\(file.path)", file.content) }
        folder.link("cache/assets/link.js", to: "/etc/hostname")
        var error = #expect(throws: BuildStoreError.self) {
            try BuildArchive.load(folder("cache"), into: try store())
        }
        #expect(error?.path == folder("cache/assets/link.js"))
        #expect(error?.reason == "it is no regular file")
        folder.remove("cache/assets/link.js")
        folder.write("cache/assets/100%.js", "x")
        #expect(throws: BuildStoreError.self) { try BuildArchive.load(folder("cache"), into: try store()) }
        folder.remove("cache/index.html")
        error = #expect(throws: BuildStoreError.self) {
            try BuildArchive.load(folder("cache"), into: try store())
        }
        #expect(error?.reason == "there is neither a build.json nor an index.html in the folder")
        #expect(throws: BuildStoreError.self) { try BuildArchive.load(folder("none"), into: try store()) }
        #expect(try store().open().current == nil)
        #expect(Repository.names(in: folder("store/incoming")).isEmpty)
    }
}
