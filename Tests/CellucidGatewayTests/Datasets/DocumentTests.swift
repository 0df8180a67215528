import Catalog
import FoundationEssentials
import TestSupport
import Testing

@testable import CellucidGateway

/// The viewer compares sets of keys, so the documents must have exactly these.
@Suite struct DocumentTests {
    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// An object's keys and its text members.
    private struct Object: Decodable {
        var keys: Set<String> = []
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            for key in container.allKeys {
                keys.insert(key.stringValue)
                texts[key.stringValue] = try? container.decode(String.self, forKey: key)
                numbers[key.stringValue] = try? container.decode(Int.self, forKey: key)
            }
        }
    }

    private struct List: Decodable {
        let datasets: [Object]
    }

    private let fixture = CatalogFixture()

    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    private func addDatasets() {
        fixture.add(
            "first",
            #"{"id": "one", "name": "Die \"Erste\" ü", "stats": {"n_cells": 3, "n_genes": 2}}"#
        )
        fixture.add("second", "{}")
    }

    @Test func health() throws {
        let document = try decode(Object.self, CellucidDocuments.health())
        #expect(document.keys == ["status", "type", "version"])
        #expect(document.texts == ["status": "ok", "type": "exported", "version": Version.current])
    }

    @Test func info() throws {
        let document = try decode(Object.self, CellucidDocuments.info(host: "0.0.0.0", port: 8765))
        #expect(document.keys == ["version", "host", "port", "mode"])
        #expect(document.texts == ["version": Version.current, "host": "0.0.0.0", "mode": "standalone"])
        #expect(document.numbers["port"] == 8765)
    }

    @Test func datasets() throws {
        addDatasets()
        let view = CatalogView(try fixture.scan())
        let text = String(decoding: view.listing, as: UTF8.self)
        #expect(try decode(Object.self, text).keys == ["datasets"])
        let entries = try decode(List.self, text).datasets
        #expect(entries.map(\.keys) == [["id", "path", "name"], ["id", "path", "name"]])
        #expect(entries.map { $0.texts["id"] } == ["one", "second"])
        #expect(entries.map { $0.texts["path"] } == ["/first/", "/second/"])
        #expect(entries.map { $0.texts["name"] } == ["Die \"Erste\" ü", "second"])
        let own = try decode(List.self, String(decoding: view.datasets[0].ownListing, as: UTF8.self)).datasets
        #expect(own.map { $0.texts["path"] } == ["/"])
    }

    @Test func aRootThatIsOneDataset() throws {
        fixture.folder.write("dataset_identity.json", #"{"id": "only"}"#)
        fixture.folder.write("obs_manifest.json", "{}")
        fixture.folder.write("points_2d.bin", [1])
        let view = CatalogView(try fixture.scan())
        #expect(view.rootDataset != nil)
        let entries = try decode(List.self, String(decoding: view.listing, as: UTF8.self)).datasets
        #expect(entries.map { $0.texts["path"] } == ["/"])
    }

    @Test func staticCatalogue() throws {
        addDatasets()
        let snapshot = try fixture.scan()
        let text = CellucidDocuments.staticCatalogue(snapshot.datasets)
        let document = try decode(Object.self, text)
        #expect(document.keys == ["version", "default", "datasets"])
        #expect(document.numbers["version"] == 1)
        #expect(document.texts["default"] == "one")
        let entries = try decode(List.self, text).datasets
        #expect(
            entries.map(\.keys) == [["id", "path", "name", "n_cells", "n_genes"], ["id", "path", "name"]]
        )
        #expect(entries.map { $0.texts["path"] } == ["first/", "second/"])
        #expect(
            try decode(Object.self, CellucidDocuments.staticCatalogue([])).keys == [
                "version", "default", "datasets",
            ]
        )
    }

    @Test func theGatewaysOwnCatalogue() throws {
        addDatasets()
        fixture.folder.write("broken/dataset_identity.json", "{")
        let snapshot = try fixture.scan()
        snapshot.datasets[0].measureSize()
        let text = CatalogDocument.json(CatalogView(snapshot))
        #expect(try decode(Object.self, text).keys == ["datasets", "warnings"])
        let entries = try decode(List.self, text).datasets
        let ready: Set = ["mount", "id", "name", "kind", "state", "folder", "cells", "genes", "bytes"]
        #expect(entries.map(\.keys) == [ready, ready, ["mount", "kind", "state", "folder", "reason"]])
        #expect(entries.map { $0.texts["state"] } == ["ready", "ready", "broken"])
        #expect(entries[0].numbers["cells"] == 3)
        #expect(entries[0].numbers["bytes"] ?? 0 > 0)
        #expect(entries[1].numbers["cells"] == nil)
        #expect(!text.contains(fixture.folder.path), "no path of the machine is told")
    }

    /// Pages want ids that are unique in the listing.
    @Test func sameIDsOfUpstreams() throws {
        func warnings(_ backends: Backend...) throws -> [String] {
            let view = CatalogView(try fixture.scan(), backends: BackendView(backends))
            struct Document: Decodable { let warnings: [String] }
            let document = try decode(Document.self, CatalogDocument.json(view))
            #expect(document.warnings == view.warnings)
            return document.warnings
        }
        fixture.add("own", #"{"id": "id /a/"}"#)
        let (lab, other) = (
            try BackendFixture.backend("lab", paths: ["/a/", "/b/"]),
            try BackendFixture.backend("other", paths: ["/b/", "/c/"])
        )
        #expect(try warnings(other) == [])
        #expect(try warnings(lab) == [#"the datasets /own/ and /lab-a/ have the same id "id /a/""#])
        #expect(
            try warnings(lab, other) == [
                #"the datasets /own/ and /lab-a/ have the same id "id /a/""#,
                #"the datasets /lab-b/ and /other-b/ have the same id "id /b/""#,
            ]
        )
        other.noteFailure("refused")
        #expect(try warnings(lab, other).count == 1, "it is not listed")
        let many = (0..<20).map { "/\($0)/" }
        let (left, right) = (
            try BackendFixture.backend("left", paths: many), try BackendFixture.backend("right", paths: many)
        )
        let lines = try warnings(left, right)
        #expect(lines.count == 9)
        #expect(lines.last == "12 more ids are those of several datasets")
    }

    @Test func mountsAreFoundInPaths() throws {
        addDatasets()
        let view = CatalogView(try fixture.scan())
        let path = Array("/first/points.bin".utf8)
        #expect(view.dataset(at: path, 1..<6)?.dataset.id == "one")
        #expect(view.dataset(at: path, 1..<5) == nil)
        #expect(view.dataset(at: path, 0..<6) == nil)
    }
}
