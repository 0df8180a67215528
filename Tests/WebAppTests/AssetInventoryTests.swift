import Testing

@testable import WebApp

@Suite struct AssetInventoryTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    private static func asset(
        _ path: String,
        bytes: String = "1",
        sha256: String = digest,
        type: String = "text/html"
    ) -> String {
        "{\"path\": \"\(path)\", \"sha256\": \"\(sha256)\", \"bytes\": \(bytes), \"content_type\": \"\(type)\"}"
    }

    private static func document(
        _ assets: String...,
        version: String = "1",
        buildID: String = "\"2026-07-27.1\""
    ) -> String {
        "{\"version\": \(version), \"build_id\": \(buildID), \"assets\": [\(assets.joined(separator: ","))]}"
    }

    @Test func readsAnInventory() throws {
        let json = Self.document(
            Self.asset("index.html", bytes: "98822", type: "Text/HTML; charset=utf-8"),
            Self.asset("assets/js/a.js", bytes: "0", type: "application/javascript"),
            Self.asset("robots.txt"),
            Self.asset("_cellucid/health")
        )
        let inventory = try AssetInventory(parsing: Array(json.utf8))
        #expect(inventory.buildID == "2026-07-27.1")
        #expect(inventory.files.map(\.path.text) == ["assets/js/a.js", "index.html"])
        #expect(inventory.files.map(\.bytes) == [0, 98822])
        #expect(inventory.files.map(\.mediaType) == ["application/javascript", "text/html"])
        #expect(inventory.files[1].contentType == "Text/HTML; charset=utf-8")
        #expect(inventory.files.allSatisfy { $0.sha256 == Self.digest })
        #expect(inventory.totalBytes == 98822)
    }

    @Test func ignoresMembersThatCameLater() throws {
        let json = "{\"later\": [], \(Self.document(Self.asset("index.html")).dropFirst())"
        #expect(try AssetInventory(parsing: Array(json.utf8)).files.count == 1)
    }

    @Test(arguments: [
        (document(asset("index.html"), version: "2"), AssetInventoryError.unsupportedVersion(2)),
        (document(asset("index.html"), buildID: "\"\""), .invalidBuildID("")),
        (document(asset("index.html"), buildID: "\" a\""), .invalidBuildID(" a")),
        (document(asset("index.html"), buildID: "\"a\\nb\""), .invalidBuildID("a\nb")),
        (document(), .missingPage),
        (document(asset("assets/index.html")), .missingPage),
        (document(asset("../index.html")), .unsafePath("../index.html")),
        (document(asset("/index.html")), .unsafePath("/index.html")),
        (document(asset("assets//a.js")), .unsafePath("assets//a.js")),
        (document(asset("assets/%2e%2e/a.js")), .unsafePath("assets/%2e%2e/a.js")),
        (document(asset("assets\\\\a.js")), .unsafePath("assets\\a.js")),
        (document(asset("assets/a\\u0000.js")), .unsafePath("assets/a\0.js")),
        (document(asset("cellucid-web-assets.json")), .unsafePath("cellucid-web-assets.json")),
        (document(asset("index.html"), asset("index.html")), .duplicatePath(.index)),
        (document(asset("index.html", sha256: "")), .invalidDigest(.index)),
        (document(asset("index.html", sha256: digest.uppercased())), .invalidDigest(.index)),
        (document(asset("index.html", sha256: digest + "0")), .invalidDigest(.index)),
        (document(asset("index.html", type: "")), .invalidContentType(.index)),
        (document(asset("index.html", type: "text")), .invalidContentType(.index)),
        (document(asset("index.html", type: "text/")), .invalidContentType(.index)),
        (document(asset("index.html", type: "text/ht ml")), .invalidContentType(.index)),
        (document(asset("index.html", type: "text/html\\r\\nX: y")), .invalidContentType(.index)),
        (document(asset("index.html", bytes: "1073741824"), asset("assets/a")), .tooManyBytes),
        (
            document(asset("index.html", bytes: "18446744073709551615"), asset("assets/a", bytes: "2")),
            .tooManyBytes
        ),
    ])
    func refuses(json: String, error: AssetInventoryError) {
        #expect(throws: error) { try AssetInventory(parsing: Array(json.utf8)) }
        #expect(error.description.hasPrefix("cellucid-web-assets.json: "))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "<!doctype html>", "{\"version\": 1", "\u{feff}x",
        document(asset("index.html"), version: "true"), document(asset("index.html"), version: "\"1\""),
        document(asset("index.html"), version: "1.5"), document(asset("index.html"), buildID: "null"),
        document(asset("index.html"), buildID: "7"), document(asset("index.html", bytes: "-1")),
        document(asset("index.html", bytes: "1.5")), document(asset("index.html", bytes: "\"1\"")),
        document(asset("index.html", bytes: "1e300")), document("{\"path\": \"index.html\"}"), document("7"),
    ])
    func refusesOtherDocuments(json: String) throws { try expectUnreadable(json) }

    @Test func refusesDeepDocuments() throws { try expectUnreadable(String(repeating: "[", count: 100_000)) }

    private func expectUnreadable(_ json: String) throws {
        let error = try #require(throws: AssetInventoryError.self) {
            try AssetInventory(parsing: Array(json.utf8))
        }
        guard case .unreadable = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func saysWhereTheDocumentIsWrong() throws {
        let json = Self.document(Self.asset("index.html"), Self.asset("assets/a", bytes: "null"))
        let error = try #require(throws: AssetInventoryError.self) {
            try AssetInventory(parsing: Array(json.utf8))
        }
        #expect(error.description.contains("assets: [1]: bytes: "))
    }

    @Test(arguments: [
        (["assets/a", "assets/a/b"], "assets/a", "assets/a/b"),
        (["assets/a/b", "assets/a-b", "assets/a"], "assets/a", "assets/a/b"),
        (["index.html/x/y"], "index.html", "index.html/x/y"),
    ])
    func refusesFilesThatAreFolders(paths: [String], file: String, inner: String) throws {
        let json =
            "{\"version\": 1, \"build_id\": \"1\", \"assets\": ["
            + (paths + ["index.html"]).map { Self.asset($0) }.joined(separator: ",") + "]}"
        let error = AssetInventoryError.fileIsFolder(
            try #require(AssetPath(file)),
            of: try #require(AssetPath(inner))
        )
        #expect(throws: error) { try AssetInventory(parsing: Array(json.utf8)) }
    }

    @Test func isAsLargeAsAllowed() throws {
        let assets =
            (1..<AssetInventory.mostFiles).map { Self.asset("assets/\($0)/a") } + [Self.asset("index.html")]
        func inventory(_ assets: [String]) throws -> AssetInventory {
            let json = "{\"version\": 1, \"build_id\": \"1\", \"assets\": [\(assets.joined(separator: ","))]}"
            return try AssetInventory(parsing: Array(json.utf8))
        }
        #expect(try inventory(assets).files.count == AssetInventory.mostFiles)
        #expect(throws: AssetInventoryError.tooManyFiles(10_001)) {
            try inventory(assets + [Self.asset("assets/x")])
        }
        let large = [UInt8](repeating: 0x20, count: AssetInventory.largestDocument + 1)
        #expect(throws: AssetInventoryError.tooLarge(bytes: large.count)) {
            try AssetInventory(parsing: large)
        }
    }
}
