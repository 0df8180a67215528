import Glibc
import TestSupport
import Testing

@testable import Catalog

@Suite struct RescanTests {
    private let folder = TemporaryDirectory()
    private var scanner: RootScanner { RootScanner(roots: [Root(path: folder.path)]) }

    @Test func nothingChanged() throws {
        folder.makeDataset("a")
        folder.makeFolder("b")
        folder.write("b/obs_manifest.json", "{}")
        let first = try scanner.scan(previous: nil)
        #expect(try scanner.scan(previous: first) === first)
        folder.makeFolder("a/obs")
        folder.write("a/obs/x.values.f32", "1234")
        #expect(try scanner.scan(previous: first) === first)
    }

    @Test func aReplacedFolderIsNotInPlace() throws {
        folder.makeDataset(".first")
        folder.makeDataset(".second")
        folder.link("linked", to: ".first")
        folder.makeDataset("plain")
        let datasets = try scanner.scan(previous: nil).datasets
        #expect(datasets.map { scanner.isInPlace($0) } == [true, true])
        folder.link("linked.new", to: ".second")
        folder.rename("linked.new", to: "linked")
        folder.remove("plain")
        #expect(datasets.map { scanner.isInPlace($0) } == [false, false])
        folder.write("plain", "a file of that name")
        #expect(!scanner.isInPlace(datasets[1]))
    }

    @Test func aDatasetServedAtTheRootIsInPlace() throws {
        folder.makeDataset("a")
        let scanner = RootScanner(roots: [Root(path: folder("a"))])
        let dataset = try #require(try scanner.scan(previous: nil).datasets.first)
        #expect(scanner.isInPlace(dataset))
        folder.rename("a", to: "b")
        #expect(!scanner.isInPlace(dataset))
    }

    @Test func unchangedDatasetsKeepTheirObject() throws {
        folder.makeDataset("a")
        folder.makeDataset("b")
        let first = try scanner.scan(previous: nil)
        first.datasets[0].measureSize()
        folder.makeDataset("c")
        let second = try scanner.scan(previous: first)
        #expect(second.generation == first.generation + 1)
        #expect(second.datasets.map(\.mount) == ["a", "b", "c"])
        #expect(second.datasets[0] === first.datasets[0])
        #expect(second.datasets[0].sizeBytes != nil)
        #expect(second.datasets[1] === first.datasets[1])
        #expect(Set(second.datasets.map(\.serial)).count == 3)
    }

    @Test(arguments: ["dataset_identity.json", "obs_manifest.json", "points_2d.bin"])
    func changedFileMakesANewObject(file: String) throws {
        folder.makeDataset("a")
        let first = try scanner.scan(previous: nil)
        folder.write("a/new", #"{"id": "changed", "padding": 1}"#)
        folder.rename("a/new", to: "a/\(file)")
        let second = try scanner.scan(previous: first)
        #expect(second.datasets.map(\.mount) == ["a"])
        #expect(second.datasets[0].serial > first.datasets[0].serial)
        #expect(second.datasets[0].id == (file == "dataset_identity.json" ? "changed" : "id-a"))
    }

    @Test func removalAndRepair() throws {
        folder.makeDataset("a")
        folder.makeDataset("b")
        let first = try scanner.scan(previous: nil)
        folder.remove("a")
        folder.rename("b/obs_manifest.json", to: "b/away")
        let second = try scanner.scan(previous: first)
        #expect(second.datasets.isEmpty)
        #expect(second.broken.map(\.folder) == ["b"])
        folder.rename("b/away", to: "b/obs_manifest.json")
        let third = try scanner.scan(previous: second)
        #expect(third.datasets.map(\.folder) == ["b"])
        #expect(third.broken.isEmpty)
    }

    @Test func replacementByRename() throws {
        folder.makeDataset("a")
        let first = try scanner.scan(previous: nil)
        folder.makeDataset(".new", identity: #"{"id": "second"}"#)
        folder.rename("a", to: ".old")
        folder.rename(".new", to: "a")
        let second = try scanner.scan(previous: first)
        #expect(second.datasets.map(\.id) == ["second"])
        #expect(second.datasets[0].serial > first.datasets[0].serial)
        #expect(second.datasets[0].identityVersion != first.datasets[0].identityVersion)
        folder.remove(".old")
        // The old object still answers from its own directory, empty as that now is.
        #expect(first.datasets[0].measureSize() == 0)
        #expect(second.datasets[0].measureSize() > 0)
    }

    @Test func renamedFolderIsAnotherDataset() throws {
        folder.makeDataset("a", identity: "{}")
        let first = try scanner.scan(previous: nil)
        folder.rename("a", to: "b")
        let second = try scanner.scan(previous: first)
        #expect(second.datasets.map(\.id) == ["b"])
        #expect(second.datasets[0] !== first.datasets[0])
    }

    @Test func vanishedRootIsReported() throws {
        folder.makeFolder("one")
        folder.makeFolder("two")
        folder.makeDataset("one/a")
        folder.makeDataset("two/b")
        let scanner = RootScanner(roots: [
            Root(path: folder("one")), Root(name: "lab", path: folder("two")),
        ])
        let first = try scanner.scan(previous: nil)
        folder.remove("two")
        let second = try scanner.scan(previous: first)
        let report = BrokenDataset(
            folder: "lab",
            mount: nil,
            reason: "the root folder cannot be read: no such file or directory"
        )
        #expect(second.rootErrors == [report])
        #expect(second.broken == [report])
        #expect(second.datasets.map(\.mount) == ["a"])
        #expect(second.datasets[0] === first.datasets[0])
        #expect(try scanner.scan(previous: second) === second)
        folder.makeFolder("two")
        folder.makeDataset("two/b")
        let third = try scanner.scan(previous: second)
        #expect(third.rootErrors.isEmpty)
        #expect(third.datasets.map(\.mount) == ["a", "lab-b"])
    }

    @Test func descriptorsAreClosedWithTheirDataset() throws {
        folder.makeDataset("a")
        var snapshot: CatalogSnapshot? = try scanner.scan(previous: nil)
        let descriptor = try #require(snapshot?.datasets.first?.directory.raw)
        var before = stat()
        try #require(fstat(descriptor, &before) == 0)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        snapshot = nil
        var after = stat()
        // Another test can have got the number meanwhile, but not this directory.
        #expect(fstat(descriptor, &after) != 0 || after.st_ino != before.st_ino)
    }
}
