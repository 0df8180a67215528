import FoundationEssentials
import Testing

@testable import CellucidGateway

@Suite struct JSON5SyntaxTests {
    @Test(arguments: [
        "{}", "[]", "1", " true ", "{a: 1,}", "[1, 'x', \"y\", .5, +1, -0x1F, 1e3, null, Infinity, NaN,]",
        "// c\n{/* } */ $a_1: [], 'b': {\"c\": 'it\\'s'}, // }\n}", "{ä: 'ü'}", "'a\\\nb'",
        "{a: '//', b: '/*'}\n//",
    ])
    func soundText(_ text: String) throws {
        #expect(JSON5Syntax.lineOfMistake(in: Array(text.utf8)) == nil)
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        _ = try decoder.decode(JSONValue.self, from: Data(text.utf8))
    }

    @Test(
        arguments: [
            ("", 1), ("\n\n", 3), ("{", 1), ("{\n", 2), ("{a}", 1), ("{\n a: 1\n b: 2 }", 3),
            ("{\n a: tru }", 2),
            ("{a: 1,\n,}", 2), ("[1\n2]", 2), ("[,]", 1), ("{a: [1, 2}", 1), ("{a:\n}", 2), ("{} x", 1),
            ("\n'abc\n'", 2), ("{\n a: \"x }\n", 2), ("1\n/* x", 2), ("{\n a = 1 }", 2), ("{} /", 1),
        ]
    )
    func mistake(_ text: String, _ line: Int) {
        #expect(JSON5Syntax.lineOfMistake(in: Array(text.utf8)) == line)
    }

    @Test func deepNesting() {
        #expect(JSON5Syntax.lineOfMistake(in: Array(repeating: UInt8(ascii: "["), count: 1 << 20)) == 1)
    }
}
