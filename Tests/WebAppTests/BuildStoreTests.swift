import Codecs
import Glibc
import TestSupport
import Testing

@testable import WebApp

@Suite struct BuildStoreTests {
    private let folder = TemporaryDirectory()

    private func store() throws -> BuildStore { try BuildStore(directory: folder("cache/web-app/default")) }

    private func at(_ name: String) -> String { "cache/web-app/default/" + name }

    private func names(_ name: String) -> [String] { Repository.names(in: folder(at(name))) }

    @Test func anEmptyStoreHasNothing() throws {
        let contents = try store().open()
        #expect(contents.current == nil && contents.previous == nil && contents.damages.isEmpty)
        #expect(try store().currentID() == nil)
        #expect(try store().open(id: "0123456789abcdef") == nil)
        #expect(try store().open(id: "../../..") == nil)
    }

    @Test func aCommittedBuildIsCurrent() throws {
        let store = try store()
        let build = try SampleApp.commit("a", into: store)
        try SampleApp.expect(build, is: "a")
        #expect(build.path == folder(at("builds/\(build.id)")))
        #expect(build.manifest.fetchedAt == "2025-12-31T23:59:59.000Z")
        #expect(build.manifest.fetchedSeconds == SampleApp.fetchedSeconds)
        #expect(store.currentID() == build.id)
        let opened = try #require(try self.store().open().current)
        #expect(opened.manifest == build.manifest)
        try SampleApp.expect(opened, is: "a")
        #expect(try store.open(id: build.id)?.manifest == build.manifest)
        #expect(names("incoming").isEmpty)
    }

    @Test func theIdentifierIsThatOfTheFiles() throws {
        let files = [("b", "2"), ("a", "3")].map { BuildManifest.File(path: $0.0, bytes: 1, sha256: $0.1) }
        let expected = SHA256.hexDigest(of: Array("2 b\n3 a\n".utf8)).prefix(16)
        #expect(BuildManifest.identifier(of: files) == expected)
        var added = files[0]
        added.isAdded = true
        added.path = "c"
        #expect(BuildManifest.identifier(of: files + [added]) == expected)
    }

    @Test func codingsAreMadeWhereTheyPay() throws {
        let store = try store()
        let staged = try store.stage()
        let text = Array(String(repeating: "text ", count: 1000).utf8)
        try staged.add(.index, text, brotli: [1, 2, 3])
        try staged.add(try SampleApp.path("assets/a.js"), Array("x".utf8), brotli: [1, 2, 3])
        try staged.add(try SampleApp.path("assets/b.png"), text)
        try staged.add(try SampleApp.path("assets/c.bin"), text, gzip: [9])
        let build = try staged.commit(origin: "o", buildID: nil, isInventoried: false, fetchedSeconds: 0)
        #expect(try gunzip(build.read(.index, in: .gzip)) == text)
        #expect(try build.read(.index, in: .brotli) == [1, 2, 3])
        #expect(build.relativePath(of: .index, in: .brotli) == "br/index.html")
        #expect(build.manifest.files.map { $0.gzipBytes != nil } == [false, false, true, true])
        #expect(build.manifest.files.map { $0.brotliBytes != nil } == [false, false, false, true])
        let picture = try SampleApp.path("assets/b.png")
        #expect(build.relativePath(of: picture, in: .gzip) == nil)
        #expect(throws: BuildStoreError.self) { try build.read(picture, in: .gzip) }
    }

    @Test func theBuildBeforeIsKeptAndOlderOnesGo() throws {
        let store = try store()
        let ids = try ["a", "b", "c"].map { try SampleApp.commit($0, into: store).id }
        #expect(names("builds") == ids.suffix(2).sorted())
        let contents = try store.open()
        #expect(contents.current?.id == ids[2] && contents.previous?.id == ids[1])
        // Going back to the one before makes the other one previous.
        try SampleApp.commit("b", into: store)
        #expect(try store.open().current?.id == ids[1])
        #expect(try store.open().previous?.id == ids[2])
        // The current one again changes nothing.
        try SampleApp.commit("b", into: store)
        #expect(try store.open().previous?.id == ids[2])
        #expect(names("incoming").isEmpty)
    }

    @Test func filesAreAddedOnSeveralThreads() async throws {
        let store = try store()
        let staged = try store.stage()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                let path = try SampleApp.path(
                    number == 0 ? "index.html" : "assets/\(number % 7)/\(number % 3)/\(number).js"
                )
                group.addTask { try staged.add(path, Array("let number = \(number);".utf8)) }
            }
            try await group.waitForAll()
        }
        let build = try staged.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
        #expect(build.files.count == 100)
        try build.verify()
    }

    @Test func aBuildInUseIsNotRemoved() throws {
        let store = try store()
        var first: Build? = try SampleApp.commit("a", into: store)
        let id = try #require(first?.id)
        for name in ["b", "c", "d"] { try SampleApp.commit(name, into: store) }
        try SampleApp.expect(try #require(first), is: "a")
        #expect(names("builds").contains(id))
        first = nil
        try SampleApp.commit("e", into: store)
        #expect(!names("builds").contains(id))
    }

    @Test func filesAreSharedBetweenBuilds() throws {
        let store = try store()
        let first = try SampleApp.commit("a", into: store)
        let staged = try store.stage()
        let same = try SampleApp.path("assets/js/app/same.js")
        try staged.add(.index, [7])
        #expect(try staged.reuse(same, from: first))
        #expect(try !staged.reuse(try SampleApp.path("assets/none.js"), from: first))
        let second = try staged.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
        #expect(second.file(same) == first.file(same))
        for coding in [Build.Coding.identity, .gzip] {
            var statuses = [stat(), stat()]
            let name = try #require(second.relativePath(of: same, in: coding))
            #expect(stat(first.path + "/" + name, &statuses[0]) == 0)
            #expect(stat(second.path + "/" + name, &statuses[1]) == 0)
            #expect(statuses[0].st_ino == statuses[1].st_ino)
        }
        // Writing the file anew in a third build must not change the others.
        let third = try store.stage()
        try third.add(.index, [8])
        _ = try third.reuse(same, from: second)
        try third.add(same, [1, 2, 3])
        let build = try third.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
        #expect(try build.read(same) == [1, 2, 3])
        #expect(try second.read(same).count > 3)
        #expect(build.relativePath(of: same, in: .gzip) == nil)
    }

    @Test func whatMakesNoBuild() throws {
        let store = try store()
        let empty = try store.stage()
        let error = #expect(throws: BuildStoreError.self) {
            try empty.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
        }
        #expect(error?.kind == .invalid)
        #expect(error?.reason == "there is no index.html")
        // It can still become one.
        try empty.add(.index, [1])
        _ = try empty.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
    }

    @Test func aDiscardedBuildLeavesNothing() throws {
        let store = try store()
        let staged = try store.stage()
        try staged.add(.index, [1])
        #expect(names("incoming").count == 1)
        staged.discard()
        #expect(names("incoming").isEmpty)
        #expect(throws: BuildStoreError.self) { try staged.add(.index, [1]) }
        _ = try store.stage()
        #expect(names("incoming").isEmpty)
    }

    @Test func leftoversGoAndStagedBuildsStay() throws {
        let store = try store()
        let staged = try store.stage()
        folder.write(at("incoming/dead/lock"), "")
        folder.write(at("incoming/dead/files/index.html"), "x")
        folder.write(at("incoming/removed/files/index.html"), "x")
        folder.link(at("incoming/link"), to: "builds/x")
        folder.write(at("builds/0123456789abcdef/files/x"), "a build without its manifest")
        try staged.add(.index, [1])
        _ = try self.store()
        #expect(names("incoming") == [staged.name])
        let build = try staged.commit(origin: "o", buildID: nil, isInventoried: true, fetchedSeconds: 1)
        #expect(names("builds") == [build.id])
    }

    // MARK: Files that are added

    @Test func aFileJoinsACompleteBuild() throws {
        let store = try store()
        let build = try SampleApp.commit("a", into: store)
        let other = try #require(try self.store().open().current)
        let late = try SampleApp.path("assets/js/late/late.js")
        #expect(try store.refresh(other) == nil)
        let content = Array(String(repeating: "late();\n", count: 100).utf8)
        let grown = try store.add(to: build, late, content)
        #expect(grown.id == build.id && build.file(late) == nil)
        #expect(grown.file(late)?.isAdded == true)
        #expect(try grown.read(late) == content)
        #expect(try gunzip(grown.read(late, in: .gzip)) == content)
        // A process that has not seen it finds it when it looks, or when it adds another one.
        #expect(try store.refresh(other)?.manifest == grown.manifest)
        let both = try self.store().add(to: other, try SampleApp.path("assets/two.js"), [2])
        try SampleApp.expect(both, is: "a", added: ["assets/js/late/late.js", "assets/two.js"])
        // The first content stays.
        let again = try store.add(to: grown, late, [1, 2, 3])
        #expect(again.manifest == both.manifest)
        #expect(try store.open().current?.manifest == both.manifest)
        // Committing an equal build keeps the added files.
        #expect(try SampleApp.commit("a", into: store).manifest == both.manifest)
        #expect(Repository.names(in: build.path) == ["build.json", "files", "gzip", "lock"])
    }

    @Test func whatCannotBeAdded() throws {
        let store = try store()
        let build = try SampleApp.commit("a", into: store)
        #expect(throws: BuildStoreError.self) {
            _ = try store.add(to: build, try SampleApp.path("assets/js/app/main.js/x.js"), [1])
        }
        folder.rename(at("builds/\(build.id)"), to: at("builds/elsewhere"))
        #expect(throws: BuildStoreError.self) {
            _ = try store.add(to: build, try SampleApp.path("assets/x.js"), [1])
        }
        // It can still be read.
        try SampleApp.expect(build, is: "a")
    }
}
