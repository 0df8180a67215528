import FoundationEssentials
import Testing

@testable import Bytes

@Suite struct JSONTextTests {
    private func decoded(_ json: String) throws -> [String] {
        try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8))
    }

    /// All code points that have escapes, many that need none, and those that some parsers stumble over.
    @Test func stringsComeBackFromAParser() throws {
        let beyond: [ClosedRange<UInt32>] = [
            0...0x300, 0x7ff...0x801, 0x2027...0x202a, 0xd7fe...0xd7ff, 0xe000...0xe001, 0xfeff...0xfeff,
            0xfffc...0x10001, 0x1f600...0x1f602, 0x10fffe...0x10ffff,
        ]
        let texts = beyond.flatMap { $0 }.compactMap { Unicode.Scalar($0) }.map { "x\(Character($0))y" }
        let json = JSONText.array(texts.map { JSONText.string($0) })
        let parsed = try JSONDecoder().decode([String].self, from: Data(json.utf8))
        #expect(parsed.count == texts.count)
        for (left, right) in zip(parsed, texts) {
            #expect(Array(left.unicodeScalars) == Array(right.unicodeScalars))
        }
    }

    @Test(
        arguments: [
            ("", #""""#), (#"a"b"#, #""a\"b""#), (#"a\b"#, #""a\\b""#), ("a\nb\rc\td", #""a\nb\rc\td""#),
            ("\u{0}\u{1f}\u{7f}", ##""\u0000\u001f\u007f""##), ("/ü", #""/ü""#),
        ]
    )
    func escapes(text: String, json: String) {
        #expect(JSONText.string(text) == json)
    }

    @Test func noControlCharacterIsLeft() {
        let all = String(String.UnicodeScalarView((UInt32(0)...0x7f).compactMap { Unicode.Scalar($0) }))
        let bytes = Array(JSONText.string(all).utf8)
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
    }

    @Test func objectsAndArrays() throws {
        #expect(JSONText.object([:]) == "{}")
        #expect(JSONText.array([]) == "[]")
        #expect(JSONText.object(["b": "1", "a\"": "[]"]) == #"{"b":1,"a\"":[]}"#)
        #expect(JSONText.array(["1", "\"x\"", "null"]) == #"[1,"x",null]"#)
    }
}
