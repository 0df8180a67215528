import Glibc
import TestSupport
import Testing

@testable import WebApp

/// Builds that are not what they were.
@Suite struct BuildDamageTests {
    private let folder = TemporaryDirectory()

    /// Something that happens to a build: the names in its folder that it is done to, and what is said about it.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: String
        let reason: String
        let apply: @Sendable (TemporaryDirectory, _ name: String) -> Void

        init(
            _ file: String,
            _ reason: String,
            _ testDescription: String,
            _ apply: @escaping @Sendable (TemporaryDirectory, String) -> Void
        ) {
            self.file = file
            self.reason = reason
            self.testDescription = testDescription
            self.apply = apply
        }
    }

    private static let script = "assets/js/app/main.js"

    /// The text with one occurrence of something else in it.
    private static func replaced(_ old: String, _ new: String)
        -> @Sendable (TemporaryDirectory, String) -> Void
    {
        { folder, name in
            let text = String(decoding: readFile(folder(name)) ?? [], as: UTF8.self)
            let range = text.firstRange(of: old)
            folder.write(name, range.map { text.replacingCharacters($0, with: new) } ?? "nothing to replace")
        }
    }

    private static let damages = [
        Damage("files/" + script, "its content has changed (SHA-256)", "a byte") { folder, name in
            var bytes = readFile(folder(name)) ?? []
            bytes[100] ^= 1
            folder.write(name, bytes)
        },
        Damage("gzip/" + script, "its content has changed (SHA-256)", "a byte of a coding") { folder, name in
            var bytes = readFile(folder(name)) ?? []
            bytes[bytes.count - 1] ^= 1
            folder.write(name, bytes)
        },
        Damage("files/" + script, "it has 3299 bytes instead of 3300", "the last byte") { folder, name in
            truncate(folder(name), 3299)
        },
        Damage("files/" + script, "it has 3301 bytes, more than 3300", "another byte") { folder, name in
            truncate(folder(name), 3301)
        },
        Damage("files/favicon.ico", "the file is missing", "an empty file") { $0.remove($1) },
        Damage("files/" + script, "the file is missing", "a file") { $0.remove($1) },
        Damage("files/assets/js", "the file is missing", "a folder") { $0.remove($1) },
        Damage("files/" + script, "it is no regular file", "a link") { folder, name in
            folder.rename(name, to: "elsewhere")
            folder.link(name, to: folder("elsewhere"))
        },
        Damage("files/" + script, "it is no regular file", "a pipe") { folder, name in
            folder.remove(name)
            mkfifo(folder(name), 0o600)
        },
        Damage("build.json", "the file is missing", "no manifest") { $0.remove($1) },
        Damage("build.json", "it is no manifest of a build", "an empty manifest") { $0.write($1, "") },
        Damage("build.json", "it is no manifest of a build", "half a manifest") { folder, name in
            truncate(folder(name), 200)
        },
        Damage(
            "build.json",
            "its format 2 is not known to this version",
            "a later format",
            replaced("\"format\" : 1", "\"format\" : 2")
        ),
        Damage(
            "build.json",
            "its identifier is not that of its files",
            "another path",
            replaced("css/main.css", "css/mail.css")
        ),
        Damage(
            "build.json",
            "\"../main.css\" cannot be a path",
            "a path that leads out",
            replaced("assets/css/main.css", "../main.css")
        ),
        Damage(
            "build.json",
            "the files are not sorted: assets/css/main.css",
            "files in another order",
            replaced("assets/css/main.css\"", "zssets/css/main.css\"")
        ),
        Damage("build.json", "fetchedAt is no time", "a bad time", replaced("2025-12-31T", "2025-13-31T")),
    ]

    @Test(arguments: damages) func theOneBeforeIsUsed(damage: Damage) throws {
        let store = try BuildStore(directory: folder("store"))
        let good = try SampleApp.commit("a", into: store).id
        let bad = try SampleApp.commit("b", into: store).id
        damage.apply(folder, "store/builds/\(bad)/\(damage.file)")
        let contents = try store.open()
        try SampleApp.expect(try #require(contents.current), is: "a")
        #expect(contents.previous == nil)
        let error = try #require(contents.damages.first)
        #expect(contents.damages.count == 1 && error.kind == .damaged)
        if damage.testDescription != "files in another order" { #expect(error.reason == damage.reason) }
        if damage.testDescription != "a folder" {
            #expect(error.path == folder("store/builds/\(bad)/\(damage.file)"))
        }
        // It was set aside, and the good one is current for everybody.
        #expect(store.currentID() == good)
        #expect(try store.open(id: bad) == nil)
        #expect(try store.open().damages.isEmpty)
        // The build can come again, and what was set aside goes.
        let again = try SampleApp.commit("b", into: store)
        try SampleApp.expect(again, is: "b")
        #expect(Repository.names(in: folder("store/builds")) == [good, bad].sorted())
    }

    @Test func theOnlyBuild() throws {
        let store = try BuildStore(directory: folder("store"))
        let build = try SampleApp.commit("a", into: store)
        folder.remove("store/builds/\(build.id)/files/index.html")
        let error = #expect(throws: BuildStoreError.self) { try store.open(id: build.id) }
        #expect(
            error?.description
                == "\(folder("store/builds/\(build.id)/files/index.html")): the file is missing"
        )
        let contents = try store.open()
        #expect(contents.current == nil && contents.previous == nil)
        #expect(store.currentID() == nil)
        #expect(try SampleApp.commit("a", into: store).id == build.id)
        #expect(store.currentID() == build.id)
    }

    @Test func aDamagedBuildIsReplacedByACommit() throws {
        let store = try BuildStore(directory: folder("store"))
        let id = try SampleApp.commit("a", into: store).id
        folder.write("store/builds/\(id)/files/index.html", "damaged")
        try SampleApp.expect(try SampleApp.commit("a", into: store), is: "a")
        #expect(try store.open().damages.isEmpty)
    }

    @Test func theBuildBefore() throws {
        let store = try BuildStore(directory: folder("store"))
        let first = try SampleApp.commit("a", into: store).id
        try SampleApp.commit("b", into: store)
        folder.remove("store/builds/\(first)/build.json")
        let contents = try store.open()
        try SampleApp.expect(try #require(contents.current), is: "b")
        #expect(contents.previous == nil && contents.damages.count == 1)
    }

    @Test func aFileThatChangesWhileTheBuildIsOpen() throws {
        let store = try BuildStore(directory: folder("store"))
        let build = try SampleApp.commit("a", into: store)
        folder.write("store/builds/\(build.id)/files/index.html", "damaged")
        let error = #expect(throws: BuildStoreError.self) { try build.read(.index) }
        #expect(error?.kind == .damaged)
    }

    @Test(arguments: ["builds", "builds/", "elsewhere/0123456789abcdef", "/etc/passwd", "builds/../.."])
    func aLinkToSomethingElse(target: String) throws {
        let store = try BuildStore(directory: folder("store"))
        folder.link("store/current", to: target)
        #expect(try store.open().current == nil)
        #expect(store.currentID() == nil)
        try SampleApp.commit("a", into: store)
        try SampleApp.expect(try #require(try store.open().current), is: "a")
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2025-12-31T23:59:59Z", 1_767_225_599),
            ("2000-02-29T12:30:05.250Z", 951_827_405), ("2001-02-29T12:30:05Z", nil),
            ("2000-02-29T24:30:05Z", nil), ("2000-02-29T12:30:05", nil), ("2000-02-29T12:30:05.Z", nil),
            ("2000-02-29T12:30:05.xZ", nil), ("2000-02-29 12:30:05Z", nil), ("", nil), ("Z", nil),
        ] as [(String, Int64?)]
    )
    func times(text: String, seconds: Int64?) {
        #expect(BuildManifest.unixSeconds(text) == seconds)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
