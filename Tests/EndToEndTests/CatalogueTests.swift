import Glibc
import TestSupport
import Testing

/// Which datasets are served, under which URLs, and what is said about the others.
struct CatalogueTests {
    private typealias Gateway = GatewayProcessUnderTest

    /// An entry of the listing.
    private struct Entry: Equatable {
        let id: String
        let path: String
        let name: String

        init(_ id: String, _ path: String, _ name: String) {
            self.id = id
            self.path = path
            self.name = name
        }
    }

    private static func listing(_ gateway: Gateway, at prefix: String = "") throws -> [Entry] {
        let answer = try gateway.connect().exchange("GET", "\(prefix)/_cellucid/datasets")
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "application/json")
        let document = try JSON(answer.body)
        #expect(document.keys == ["datasets"])
        return try #require(document["datasets"]).elements.map { entry in
            #expect(entry.keys == ["id", "name", "path"])
            return Entry(
                entry["id"]?.text ?? "",
                entry["path"]?.text ?? "",
                entry["name"]?.text ?? ""
            )
        }
    }

    // MARK: Roots

    @Test(
        "A root that is one dataset is served at the root and under its mount",
        arguments: [["."], ["../cells"], ["../cells/"], ["--root", "../link/../cells/."]]
    )
    func oneDataset(arguments: [String]) throws {
        let folder = TemporaryDirectory()
        let fixture = ExportFixture(id: "only", name: "Only one")
        fixture.write("cells", in: folder)
        folder.write("link/file", "")
        let gateway = try Gateway(arguments, directory: folder("cells"))
        #expect(try Self.listing(gateway) == [Entry("only", "/", "Only one")])
        #expect(try Self.listing(gateway, at: "/cells") == [Entry("only", "/", "Only one")])
        let connection = try gateway.connect()
        for (file, bytes) in fixture.files {
            #expect(try connection.exchange("GET", "/\(file)").body == bytes)
            #expect(try connection.exchange("GET", "/cells/\(file)").body == bytes)
        }
    }

    @Test("Every dataset of a root is a server of its own")
    func manyDatasets() throws {
        let folder = TemporaryDirectory()
        let names = ["b", "a", "C", "a2", "a10"]
        for name in names { ExportFixture(id: "id-\(name)", name: "Name \(name)").write(name, in: folder) }
        let gateway = try Gateway([folder.path])
        let expected = names.sorted().map { Entry("id-\($0)", "/\($0)/", "Name \($0)") }
        let listed = try Self.listing(gateway)
        #expect(listed.sorted { $0.path < $1.path } == expected)
        for entry in expected {
            #expect(
                try Self.listing(gateway, at: String(entry.path.dropLast())) == [
                    Entry(entry.id, "/", entry.name)
                ]
            )
        }
        // The order is the same at every start and in both documents.
        let again = try Gateway([folder.path])
        #expect(try Self.listing(again) == listed)
        let own = try JSON(gateway.connect().exchange("GET", "/_gateway/datasets").body)
        #expect(own["datasets"]?.elements.map { $0["id"]?.text } == listed.map(\.id))
    }

    @Test("Several roots are listed in their order, names given to them count, equal names get a number")
    func severalRoots() throws {
        let folder = TemporaryDirectory()
        ExportFixture(id: "1").write("first/cells", in: folder)
        ExportFixture(id: "2").write("second/cells", in: folder)
        ExportFixture(id: "3").write("second/alpha", in: folder)
        ExportFixture(id: "4").write("2025-03-01-export", in: folder)
        let gateway = try Gateway([
            "--root", folder("second"), "--root", "pbmc=\(folder("2025-03-01-export"))", folder("first"),
        ])
        #expect(
            try Self.listing(gateway).map { [$0.id, $0.path] } == [
                ["3", "/alpha/"], ["2", "/cells/"], ["4", "/pbmc/"], ["1", "/cells-2/"],
            ]
        )
        let connection = try gateway.connect()
        for (mount, id) in [("alpha", "3"), ("cells", "2"), ("pbmc", "4"), ("cells-2", "1")] {
            let identity = try connection.exchange("GET", "/\(mount)/dataset_identity.json")
            #expect(try JSON(identity.body)["id"] == .string(id))
        }
    }

    @Test("Folder names that are no URL segments are mapped to safe ones")
    func unsafeNames() throws {
        let folder = TemporaryDirectory()
        let names = [
            "my data (1)", "\u{fc}n\u{ef}code", "-lead", "assets", "_gateway", "_cellucid", "con",
            "trailing.",
            "index.html", "a%2fb", "a?b#c", String(repeating: "x", count: 250), "new\nline", "\u{1f9ec}",
            "plain", "my_data_1_",
        ]
        for (index, name) in names.enumerated() { ExportFixture(id: "\(index)").write(name, in: folder) }
        let gateway = try Gateway([folder.path])
        let entries = try Self.listing(gateway)
        #expect(Set(entries.map(\.id)) == Set(names.indices.map { "\($0)" }))
        #expect(Set(entries.map { $0.path.lowercased() }).count == names.count)
        let connection = try gateway.connect()
        for entry in entries {
            #expect(entry.path.wholeMatch(of: /\/[A-Za-z0-9][A-Za-z0-9._-]{0,179}\//) != nil, "\(entry.path)")
            #expect(!["/assets/", "/con/", "/index.html/"].contains(entry.path))
            let identity = try connection.exchange("GET", "\(entry.path)dataset_identity.json")
            #expect(identity.status == 200, "\(entry.path)")
            #expect(try JSON(identity.body)["id"] == .string(entry.id))
        }
        #expect(entries.first { $0.id == "14" }?.path == "/plain/")
        #expect(entries.first { $0.id == "15" }?.path == "/my_data_1_/")
    }

    @Test("Folder names that are not UTF-8 are served and shown")
    func otherEncodings() throws {
        let folder = TemporaryDirectory()
        ExportFixture(id: "latin").write("staging", in: folder)
        ExportFixture(id: "plain").write("plain", in: folder)
        let name = Array(folder("gr").utf8) + [0xfc, 0xdf, 0x65, 0]
        #expect(rename(folder("staging"), name.map(CChar.init(bitPattern:))) == 0)
        let gateway = try Gateway([folder.path])
        let entry = try #require(Self.listing(gateway).first { $0.id == "latin" })
        #expect(entry.path == "/gr_e/")
        let connection = try gateway.connect()
        let identity = try connection.exchange("GET", "\(entry.path)dataset_identity.json")
        #expect(identity.status == 200)
        let own = try connection.exchange("GET", "/_gateway/datasets")
        #expect(try JSON(own.body)["datasets"]?.elements.count == 2)
        #expect(String(validating: own.body, as: UTF8.self) != nil)
        #expect(String(validating: try connection.exchange("GET", "/_gateway/").body, as: UTF8.self) != nil)
        rename(name.map(CChar.init(bitPattern:)), folder("staging"))
        let goes = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "\(entry.path)dataset_identity.json").status == 404
        }
        #expect(goes)
    }

    @Test("Hidden folders, files and folders without exports are no datasets")
    func unrelated() throws {
        let folder = TemporaryDirectory()
        ExportFixture(id: "good").write("good", in: folder)
        ExportFixture(id: "hidden").write(".hidden", in: folder)
        ExportFixture(id: "deep").write("deeper/down", in: folder)
        folder.write("notes/readme.txt", "nothing")
        folder.write("file", "nothing")
        symlink(folder("missing"), folder("dangling"))
        let gateway = try Gateway([folder.path])
        #expect(try Self.listing(gateway).map(\.id) == ["good"])
        let own = try JSON(gateway.connect().exchange("GET", "/_gateway/datasets").body)
        #expect(own["datasets"]?.elements.count == 1)
        #expect(!gateway.errorText.contains("is not served"))
        let recursive = try Gateway([folder.path, "--recursive"])
        #expect(try Set(Self.listing(recursive).map(\.path)) == ["/good/", "/deeper-down/"])
    }

    @Test("Two thousand datasets are listed, complete and in order, and a new one joins them")
    func thousands() throws {
        let folder = TemporaryDirectory()
        let fixture = ExportFixture(cells: 4, genes: [])
        fixture.write("data-0000", in: folder)
        let count = 2000
        for index in 1..<count {
            let name = Self.numbered(index)
            mkdir(folder(name), 0o755)
            for file in ["dataset_identity.json", "obs_manifest.json", "points_2d.bin"] {
                link(folder("data-0000/\(file)"), folder("\(name)/\(file)"))
            }
        }
        let gateway = try Gateway([folder.path])
        let expected = (0..<count).map { "/\(Self.numbered($0))/" }
        #expect(try Self.listing(gateway).map(\.path) == expected)
        let connection = try gateway.connect()
        for path in [expected[0], expected[count / 2], expected[count - 1]] {
            let points = try connection.exchange("GET", path + "points_2d.bin")
            #expect(points.body == fixture.files["points_2d.bin"])
        }
        #expect(try connection.exchange("GET", "/_gateway/").status == 200)
        fixture.write("data-9999", in: folder)
        let joins = try Deadline(seconds: 60).wait {
            try connection.exchange("GET", "/data-9999/obs_manifest.json").status == 200
        }
        #expect(joins)
        #expect(try Self.listing(gateway).map(\.path) == expected + ["/data-9999/"])
    }

    private static func numbered(_ index: Int) -> String {
        let digits = String(index)
        return "data-" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    // MARK: Broken datasets

    @Test("Broken datasets stand beside the good ones, with their reason, everywhere")
    func brokenDatasets() throws {
        let folder = TemporaryDirectory()
        let good = ExportFixture(id: "good")
        good.write("good", in: folder)
        let broken: [(name: String, file: String, content: [UInt8]?)] = [
            (
                "cut", "dataset_identity.json",
                good.files["dataset_identity.json"].map { Array($0.prefix(40)) }
            ),
            ("empty-identity", "dataset_identity.json", []),
            ("empty-points", "points_2d.bin", []),
            ("list", "dataset_identity.json", Array("[1, 2]".utf8)),
            ("no-identity", "dataset_identity.json", nil),
            ("no-manifest", "obs_manifest.json", nil),
            ("no-points", "points_2d.bin", nil),
            ("cut-manifest", "obs_manifest.json", Array("{\"_format\": ".utf8)),
        ]
        for entry in broken {
            var fixture = ExportFixture(id: entry.name)
            fixture.files["points_3d.bin.gz"] = nil
            fixture.files[entry.file] = entry.content
            fixture.write(entry.name, in: folder)
        }
        let gateway = try Gateway([folder.path])
        #expect(try Self.listing(gateway).map(\.id) == ["good"])
        let connection = try gateway.connect()
        let own = try JSON(connection.exchange("GET", "/_gateway/datasets").body)["datasets"]?.elements ?? []
        let page = try connection.exchange("GET", "/_gateway/").text
        #expect(own.count == broken.count + 1)
        for entry in broken {
            let item = own.first { $0["folder"] == .string(entry.name) }
            let reason = try #require(item?["reason"]?.text, "\(entry.name)")
            #expect(item?["state"] == .string("broken"))
            #expect(reason.contains(entry.file.hasPrefix("points") ? "points" : entry.file), "\(reason)")
            #expect(!reason.contains("\n"))
            #expect(!reason.contains(folder.path))
            #expect(gateway.errorText.contains("\(entry.name) is not served: \(reason)\n"))
            #expect(page.contains(">\(entry.name)</td>"))
            #expect(page.contains(Self.escaped(reason)))
            #expect(try connection.exchange("GET", "/\(entry.name)/obs_manifest.json").status == 404)
        }
        #expect(try connection.exchange("GET", "/good/points_2d.bin").body == good.files["points_2d.bin"])
    }

    @Test("A broken dataset that is repaired is served, one that breaks is served no more")
    func repaired() throws {
        let folder = TemporaryDirectory()
        let fixture = ExportFixture(id: "cells")
        fixture.write("cells", in: folder)
        ExportFixture(id: "other").write("other", in: folder)
        folder.write("cells/dataset_identity.json", "{\"id\": \"cel")
        let gateway = try Gateway([folder.path])
        let connection = try gateway.connect()
        #expect(try connection.exchange("GET", "/cells/points_2d.bin").status == 404)
        folder.write("cells/dataset_identity.json", fixture.files["dataset_identity.json"] ?? [])
        let comes = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/cells/points_2d.bin").body == fixture.files["points_2d.bin"]
        }
        #expect(comes)
        #expect(try Self.listing(gateway).map(\.id) == ["cells", "other"])
        unlink(folder("cells/obs_manifest.json"))
        let goes = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/cells/points_2d.bin").status == 404
        }
        #expect(goes)
        #expect(gateway.waitForErrorText("cells is not served: obs_manifest.json is missing"))
    }

    @Test("Names are only text on the page of the gateway, which needs nothing from elsewhere")
    func hostileNames() throws {
        let folder = TemporaryDirectory()
        let name = "<script>alert(1)</script>&\\\"'<img src=//x.example onerror=y>"
        ExportFixture(id: "x", name: name).write("good<b>\"'&", in: folder)
        folder.write("bad<script src=x>/obs_manifest.json", "{}")
        let gateway = try Gateway([folder.path])
        let answer = try gateway.connect().exchange("GET", "/_gateway/")
        let page = answer.text
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        #expect(page.contains(Self.escaped("<script>alert(1)</script>&\"'<img src=//x.example onerror=y>")))
        #expect(page.contains(Self.escaped("bad<script src=x>")))
        for tag in ["<script", "<img", "<b>", "<link", "<iframe", "@import", "url("] {
            #expect(!page.contains(tag), "\(tag)")
        }
        let urls = page.matches(of: /(?:href|src|action)="([^"]*)"/).map { $0.output.1 }
        #expect(urls.count >= 3)
        for url in urls { #expect(url.hasPrefix("/") && !url.hasPrefix("//"), "\(url)") }
        #expect(page.matches(of: /https?:/).isEmpty)
        let own = try JSON(gateway.connect().exchange("GET", "/_gateway/datasets").body)
        let names = own["datasets"]?.elements.compactMap { $0["name"]?.text }
        #expect(names == ["<script>alert(1)</script>&\"'<img src=//x.example onerror=y>"])
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}
