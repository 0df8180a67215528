import Testing

@testable import Catalog

@Suite struct IdentityTests {
    @Test(
        arguments: [
            (#""pbmc""#, "pbmc"),
            (#""""#, nil),
            ("null", nil),
            ("0", nil),
            ("0.0", nil),
            ("false", nil),
            ("true", "True"),
            ("7", "7"),
            ("-12", "-12"),
            ("1.5", "1.5"),
            ("1e-05", "1e-05"),
            (#""\u00e9 \"x\"""#, "é \"x\""),
            ("[1]", nil),
            (#"{"a": 1}"#, nil),
        ] as [(String, String?)]
    )
    func scalarsBecomeText(json: String, text: String?) throws {
        let identity = try DatasetIdentity(json: Array(#"{"name": \#(json), "id": \#(json)}"#.utf8))
        #expect(identity.id == text)
        #expect(identity.name == text)
    }

    @Test(
        arguments: [
            (#"{"n_cells": 700, "n_genes": 0}"#, 700, 0),
            (#"{"n_cells": -1, "n_genes": "3"}"#, nil, nil),
            (#"{"n_cells": 1.5}"#, nil, nil),
            ("[]", nil, nil),
            ("null", nil, nil),
        ] as [(String, Int?, Int?)]
    )
    func counts(statistics: String, cells: Int?, genes: Int?) throws {
        let identity = try DatasetIdentity(json: Array(#"{"stats": \#(statistics)}"#.utf8))
        #expect(identity.cells == cells)
        #expect(identity.genes == genes)
    }

    @Test func byteOrderMarkIsTolerated() throws {
        #expect(try DatasetIdentity(json: [0xEF, 0xBB, 0xBF] + Array(#"{"id": "x"}"#.utf8)).id == "x")
    }

    @Test(arguments: [
        ("", "is empty"),
        (" \n", "is empty"),
        ("[1, 2]", "is a JSON array, expected an object"),
        ("\u{FEFF}[]", "is a JSON array, expected an object"),
        (#""x""#, "is a JSON string, expected an object"),
        ("12", "is a JSON number, expected an object"),
        ("null", "is JSON null, expected an object"),
        ("true", "is a JSON boolean, expected an object"),
        (#"{"a": }"#, "is not valid JSON"),
        (#"{"a": 1} x"#, "is not valid JSON"),
        ("<html>", "is not valid JSON: it starts with \"<\""),
        ("\u{1}{", "is not valid JSON: it is not text"),
    ])
    func invalidDocuments(json: String, reason: String) {
        #expect(throws: InvalidDocument.self) { try DatasetIdentity(json: Array(json.utf8)) }
        #expect(InvalidDocument(Array(json.utf8)).reason == reason)
    }

    private static let document = #"{"id": "a\"}{", "list": [1, {"b": "x"}], "stats": {"n_cells": 3}}"#

    @Test(arguments: 1..<document.utf8.count)
    func everyPrefixIsTruncated(count: Int) {
        let prefix = Array(Self.document.utf8.prefix(count))
        #expect(throws: InvalidDocument.self) { try DatasetIdentity(json: prefix) }
        #expect(
            InvalidDocument(prefix).reason
                == "is not valid JSON: unexpected end of file (file may be truncated)"
        )
    }

    @Test func deepNestingIsRefused() {
        let json = #"{"a":"# + String(repeating: "[", count: 100_000)
        #expect(throws: InvalidDocument.self) { try DatasetIdentity(json: Array(json.utf8)) }
    }
}
