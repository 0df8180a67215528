import Glibc
import TestSupport
import Testing

@testable import Catalog

@Suite struct ScanTests {
    private let folder = TemporaryDirectory()

    private func scan(
        _ roots: [Root]? = nil,
        _ options: ScanOptions = ScanOptions(),
        previous: CatalogSnapshot? = nil
    ) throws -> CatalogSnapshot {
        let scanner = RootScanner(roots: roots ?? [Root(path: folder.path)], options: options)
        return try scanner.scan(previous: previous)
    }

    @Test func emptyRootIsFine() throws {
        let snapshot = try scan()
        #expect(snapshot.datasets.isEmpty)
        #expect(snapshot.broken.isEmpty)
        #expect(snapshot.generation == 1)
        #expect(!snapshot.isSingleDataset)
    }

    @Test func goodAndForeignEntries() throws {
        folder.makeDataset("b")
        folder.makeDataset("a b", compressed: true)
        folder.makeDataset(".hidden")
        folder.makeFolder("empty")
        folder.makeFolder("other")
        folder.write("other/readme.txt", "x")
        folder.write("datasets.json", "{}")
        folder.link("dangling", to: "nowhere")
        let snapshot = try scan()
        #expect(snapshot.broken.isEmpty)
        #expect(snapshot.datasets.map(\.folder) == ["a b", "b"])
        #expect(snapshot.datasets.map(\.mount) == ["a_b", "b"])
        #expect(snapshot.datasets.map(\.id) == ["id-a b", "id-b"])
        #expect(snapshot.datasets.map(\.name) == ["Name a b", "Name b"])
        #expect(snapshot.datasets.map(\.cells) == [3, 3])
        #expect(snapshot.datasets.map(\.genes) == [2, 2])
        #expect(snapshot.warnings.isEmpty)
    }

    @Test(
        arguments: [
            ("dataset_identity.json", nil, "dataset_identity.json is missing"),
            ("dataset_identity.json", "", "dataset_identity.json is empty"),
            ("dataset_identity.json", "[1]", "dataset_identity.json is a JSON array, expected an object"),
            (
                "dataset_identity.json", #"{"id": "x""#,
                "dataset_identity.json is not valid JSON: unexpected end of file (file may be truncated)"
            ),
            ("obs_manifest.json", nil, "obs_manifest.json is missing"),
            ("obs_manifest.json", "", "obs_manifest.json is empty"),
            ("obs_manifest.json", " \n ", "obs_manifest.json is blank"),
            (
                "obs_manifest.json", #"{"a": [1"#,
                #"obs_manifest.json is cut short (it does not end with "}")"#
            ),
            (
                "obs_manifest.json", "[]",
                #"obs_manifest.json is not a JSON object (it does not start with "{")"#
            ),
            (
                "points_2d.bin", nil,
                "no points file (expected points_1d.bin, points_2d.bin, points_3d.bin or the same with .gz)"
            ),
            ("points_2d.bin", "", "points_2d.bin is empty"),
        ] as [(String, String?, String)]
    )
    func brokenFiles(file: String, content: String?, reason: String) throws {
        folder.makeDataset("x")
        folder.remove("x/\(file)")
        if let content { folder.write("x/\(file)", content) }
        let snapshot = try scan()
        #expect(snapshot.datasets.isEmpty)
        #expect(snapshot.broken == [BrokenDataset(folder: "x", mount: "x", reason: reason)])
    }

    @Test(arguments: ["dataset_identity.json", "obs_manifest.json", "points_2d.bin"])
    func folderInsteadOfFile(file: String) throws {
        folder.makeDataset("x")
        folder.remove("x/\(file)")
        folder.makeFolder("x/\(file)")
        let reason = "\(file) is a folder, expected a file"
        #expect(try scan().broken == [BrokenDataset(folder: "x", mount: "x", reason: reason)])
    }

    @Test func pipeInsteadOfFileDoesNotBlock() throws {
        folder.makeDataset("x")
        folder.remove("x/obs_manifest.json")
        _ = mkfifo(folder("x/obs_manifest.json"), 0o644)
        #expect(try scan().broken.map(\.reason) == ["obs_manifest.json is not a regular file"])
    }

    @Test func severalProblemsAreOneLine() throws {
        folder.makeFolder("x")
        folder.write("x/points_1d.bin", "")
        #expect(
            try scan().broken.map(\.reason) == [
                "dataset_identity.json is missing; obs_manifest.json is missing; points_1d.bin is empty"
            ]
        )
    }

    @Test func oneGoodPointsFileIsEnough() throws {
        folder.makeDataset("x")
        folder.write("x/points_1d.bin", "")
        #expect(try scan().datasets.count == 1)
    }

    @Test func largeIdentityIsRefusedUnread() throws {
        folder.makeDataset("x")
        _ = truncate(folder("x/dataset_identity.json"), off_t(DatasetFiles.maximumIdentityBytes + 1))
        #expect(try scan().broken.map(\.reason) == ["dataset_identity.json is larger than 64 MiB"])
    }

    @Test func largeManifestIsProbedAtItsEnds() throws {
        folder.makeDataset("x")
        let padding = String(repeating: " ", count: 20_000)
        folder.write("x/obs_manifest.json", " {\"a\": \"\(padding)\"}\n")
        #expect(try scan().datasets.count == 1)
        folder.write("x/obs_manifest.json", " {\"a\": \"\(padding)\",\n")
        #expect(try scan().broken.count == 1)
    }

    @Test func unreadableFolderAndFile() throws {
        guard geteuid() != 0 else {
            print("skipped: permissions do not bind root")
            return
        }
        folder.makeDataset("file")
        folder.makeDataset("folder")
        _ = chmod(folder("file/dataset_identity.json"), 0)
        _ = chmod(folder("folder"), 0)
        defer { _ = chmod(folder("folder"), 0o755) }
        #expect(
            try scan().broken.map(\.reason) == [
                "dataset_identity.json cannot be read: permission denied",
                "the folder cannot be read: permission denied",
            ]
        )
    }

    @Test func missingIdAndNameFallBackToTheFolder() throws {
        folder.makeDataset("x", identity: #"{"id": "", "name": null}"#)
        folder.makeDataset("y", identity: #"{"id": 12, "name": true}"#)
        let datasets = try scan().datasets
        #expect(datasets.map(\.id) == ["x", "12"])
        #expect(datasets.map(\.name) == ["x", "True"])
        #expect(datasets.map(\.cells) == [nil, nil])
    }

    @Test func rootThatIsADataset() throws {
        folder.makeDataset("set", identity: "{}")
        folder.makeDataset("set/inner")
        let path = folder("set")
        let single = try scan([Root(path: path + "/")])
        #expect(single.isSingleDataset)
        #expect(single.datasets.map(\.mount) == ["set"])
        #expect(single.datasets.map(\.folder) == ["set"])
        #expect(single.datasets.map(\.id) == ["set"])
        let named = try scan([Root(name: "lab", path: path)])
        #expect(!named.isSingleDataset)
        #expect(named.datasets.map(\.mount) == ["lab"])
        #expect(named.datasets.map(\.folder) == ["lab"])
        #expect(named.datasets.map(\.id) == ["set"])
        #expect(try !scan([Root(path: path), Root(path: path)]).isSingleDataset)
    }

    @Test func brokenRootStillShowsItsChildren() throws {
        folder.makeDataset("set")
        folder.remove("set/points_2d.bin")
        folder.makeDataset("set/inner")
        let snapshot = try scan([Root(path: folder("set"))])
        #expect(!snapshot.isSingleDataset)
        #expect(snapshot.broken.map(\.folder) == ["set"])
        #expect(snapshot.datasets.map(\.folder) == ["inner"])
    }

    @Test func namedRootsAndOrder() throws {
        for root in ["one", "two"] {
            folder.makeFolder(root)
            for name in ["b", "a"] { folder.makeDataset("\(root)/\(name)", identity: "{}") }
        }
        let snapshot = try scan([
            Root(name: "Z", path: folder("two")), Root(path: folder("one")),
            Root(path: folder("two")),
        ])
        #expect(snapshot.datasets.map(\.mount) == ["Z-a", "Z-b", "a", "b", "a-2", "b-2"])
        #expect(snapshot.datasets.map(\.folder) == ["a", "b", "a", "b", "a", "b"])
        #expect(
            snapshot.warnings == [
                #"the folders "a" (served as Z-a), "a" and "a" (served as a-2) have the same dataset id "a""#,
                #"the folders "b" (served as Z-b), "b" and "b" (served as b-2) have the same dataset id "b""#,
            ]
        )
    }

    @Test func collisionsAreStable() throws {
        folder.makeDataset("x y")
        let alone = try scan()
        #expect(alone.datasets.map(\.mount) == ["x_y"])
        folder.makeDataset("x+y")
        folder.makeDataset("x_y")
        let expected = ["x_y-2", "x_y-3", "x_y"]
        let three = try scan(previous: alone)
        #expect(three.datasets.map(\.mount) == expected)
        #expect(three.datasets[0] !== alone.datasets[0])
        #expect(try scan().datasets.map(\.mount) == expected)
        folder.remove("x y/points_2d.bin")
        let broken = try scan(previous: three)
        #expect(broken.broken.map(\.mount) == ["x_y-2"])
        #expect(broken.datasets.map(\.mount) == ["x_y-3", "x_y"])
    }

    @Test func recursion() throws {
        folder.makeFolder("lab")
        folder.makeDataset("lab/a")
        folder.makeFolder("lab/deep")
        folder.makeDataset("lab/deep/b")
        folder.makeFolder("lab/deep/bad")
        folder.write("lab/deep/bad/obs_manifest.json", "{}")
        folder.makeDataset("lab/a/inner")
        folder.link("lab/deep/again", to: folder("lab"))
        folder.link("lab/deep/loop", to: "..")
        #expect(try scan().datasets.isEmpty)
        let snapshot = try scan(nil, ScanOptions(recursive: true))
        #expect(snapshot.datasets.map(\.mount) == ["lab-a", "lab-deep-b"])
        #expect(snapshot.datasets.map(\.folder) == ["lab/a", "lab/deep/b"])
        #expect(snapshot.broken.map(\.folder) == ["lab/deep/bad"])
    }

    @Test func recursionEndsAtTheMaximumDepth() throws {
        var path = "1"
        folder.makeFolder(path)
        for level in 2..<ScanOptions.maximumDepth {
            path += "/\(level)"
            folder.makeFolder(path)
        }
        folder.makeDataset(path + "/last")
        folder.makeFolder(path + "/more")
        folder.makeDataset(path + "/more/toodeep")
        let snapshot = try scan(nil, ScanOptions(recursive: true))
        #expect(snapshot.datasets.map(\.mount) == ["1-2-3-4-5-6-7-last"])
    }

    @Test func linkedDatasetIsServed() throws {
        folder.makeFolder("store")
        folder.makeDataset("store/real", identity: "{}")
        folder.makeFolder("root")
        folder.link("root/linked", to: "../store/real")
        folder.link("root/file", to: "../store/real/points_2d.bin")
        let snapshot = try scan([Root(path: folder("root"))])
        #expect(snapshot.datasets.map(\.mount) == ["linked"])
        #expect(snapshot.datasets.map(\.id) == ["linked"])
    }

    @Test func namesThatAreNotUTF8() throws {
        folder.makeDataset("x")
        let old = folder("x")
        var new = Array(folder("bad-").utf8CString.dropLast())
        new += [CChar(bitPattern: 0xFF), 0]
        try #require(rename(old, new) == 0)
        let snapshot = try scan()
        #expect(snapshot.datasets.map(\.mount) == ["bad-_"])
        #expect(try scan(previous: snapshot) === snapshot)
        _ = rename(new, old)
    }

    @Test func reservedMounts() throws {
        folder.makeDataset("assets")
        folder.makeDataset("private")
        let snapshot = try scan(nil, ScanOptions(reservedMounts: ["private"]))
        #expect(snapshot.datasets.map(\.mount) == ["assets-1", "private-1"])
    }

    @Test func sizeIsMeasuredOnDemand() throws {
        folder.makeDataset("x", identity: "{}")
        folder.makeFolder("x/obs")
        folder.write("x/obs/a.values.f32", "1234")
        folder.link("x/loop", to: ".")
        folder.link("x/outside", to: "/etc/passwd")
        let dataset = try #require(try scan().datasets.first)
        #expect(dataset.sizeBytes == nil)
        #expect(dataset.measureSize() == 2 + 24 + 8 + 4)
        #expect(dataset.sizeBytes == 38)
    }

    @Test func missingRootIsAnErrorAtFirst() {
        let path = folder("nowhere")
        #expect(throws: CatalogError.rootUnreadable(path: path, reason: "no such file or directory")) {
            try scan([Root(path: path)])
        }
        folder.write("nowhere", "a file")
        #expect(throws: CatalogError.rootUnreadable(path: path, reason: "not a directory")) {
            try scan([Root(path: path)])
        }
    }
}
