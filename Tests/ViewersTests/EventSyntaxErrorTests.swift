import Testing

@testable import Viewers

/// What is wrong with text that is not JSON, in the words of Python 3.11.
@Suite struct EventSyntaxErrorTests {
    @Test(arguments: messages) func message(text: String, message: String) {
        let error = #expect(throws: EventSyntaxError.self) { try EventEnvelope(Array(text.utf8).span) }
        #expect(error?.kind == .syntax && error?.description == message)
    }

    static let messages: [(String, String)] = [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        (" ", "Expecting value: line 1 column 2 (char 1)"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[", "Expecting value: line 1 column 2 (char 1)"),
        ("nul", "Expecting value: line 1 column 1 (char 0)"),
        ("tru", "Expecting value: line 1 column 1 (char 0)"),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        ("-Infinit", "Expecting value: line 1 column 1 (char 0)"),
        ("x", "Expecting value: line 1 column 1 (char 0)"),
        ("{\"a\":}", "Expecting value: line 1 column 6 (char 5)"),
        ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
        ("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"),
        ("{,}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{1:2}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        ("{\"a\":1 \"b\":2}", "Expecting ',' delimiter: line 1 column 8 (char 7)"),
        ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        ("[1}", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
        ("{\"a\":1]", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
        ("1 2", "Extra data: line 1 column 3 (char 2)"),
        ("{}x", "Extra data: line 1 column 3 (char 2)"),
        ("01", "Extra data: line 1 column 2 (char 1)"),
        ("1.", "Extra data: line 1 column 2 (char 1)"),
        ("1.e5", "Extra data: line 1 column 2 (char 1)"),
        ("1e", "Extra data: line 1 column 2 (char 1)"),
        ("1e+", "Extra data: line 1 column 2 (char 1)"),
        ("+1", "Expecting value: line 1 column 1 (char 0)"),
        (".5", "Expecting value: line 1 column 1 (char 0)"),
        ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"\\", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"\\\"", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
        ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\u1234", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\ud83d\\u00zz\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)"),
        ("\"a\tb\"", "Invalid control character at: line 1 column 3 (char 2)"),
        ("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"),
        (
            "{\"é☃😀\":\n  \"x\",\n  y}",
            "Expecting property name enclosed in double quotes: line 3 column 3 (char 17)"
        ),
        ("\u{feff}{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
        ("\u{c}{}", "Expecting value: line 1 column 1 (char 0)"),
        ("{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("NaN1", "Extra data: line 1 column 4 (char 3)"),
        ("{\"a\":1}\n\n}", "Extra data: line 3 column 1 (char 9)"),
        ("\"\u{7f}", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("[1,\n\n2,\n\"é\" 3]", "Expecting ',' delimiter: line 4 column 5 (char 12)"),
    ]

    @Test(
        arguments: [
            [0xff], Array("{\"a\":\"".utf8) + [0xc3] + Array("\"}".utf8), [0xed, 0xa0, 0x80], [0xc0, 0xaf],
            Array("{}".utf8) + [0xf4, 0x90, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func notUTF8(bytes: [UInt8]) {
        let error = #expect(throws: EventSyntaxError.self) { try EventEnvelope(bytes.span) }
        #expect(error?.kind == .encoding)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
    func depth(begin: String, end: String) throws {
        let levels = begin.hasPrefix("[{") ? 256 : 512
        func text(_ count: Int) -> [UInt8] {
            Array((String(repeating: begin, count: count) + "1" + String(repeating: end, count: count)).utf8)
        }
        _ = try EventEnvelope(text(levels).span)
        let error = #expect(throws: EventSyntaxError.self) { try EventEnvelope(text(levels + 1).span) }
        #expect(error?.kind == .limit)
        // Without an end too.
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(throws: EventSyntaxError.self) { try EventEnvelope(brackets.span) }
    }

    @Test(arguments: ["", "-"]) func longIntegers(sign: String) throws {
        let digits = String(repeating: "1", count: 4300)
        _ = try EventEnvelope(Array("[\(sign)\(digits), \(sign)1\(digits).5, 1\(digits)e1]".utf8).span)
        let error = #expect(throws: EventSyntaxError.self) {
            try EventEnvelope(Array("[\(sign)1\(digits)]".utf8).span)
        }
        #expect(error?.kind == .limit)
    }
}
