import TestSupport
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

    // MARK: What is looked at eight bytes at a time

    private func isEvent(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (try? EventEnvelope(bytes.span)) != nil
    }

    /// Lists of numbers and of what is nearly one, behind texts of any length, against the grammar of RFC 8259.
    @Test func listsOfNumbers() throws {
        let number = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/
        var random = SeededNumbers(seed: 7)
        var valid = 0
        for round in 0..<20_000 {
            let items = (0..<Int.random(in: 1...12, using: &random)).map { _ -> String in
                switch Int.random(in: 0..<40, using: &random) {
                case 0:
                    return ["", "-", "01", "1.", "+1", ".5", "1e", "0x1", " 7 ", "1 2"].randomElement(
                        using: &random
                    ) ?? ""
                case 1: return ["0", "-0", "0.5", "1e3", "-12.25E-1"].randomElement(using: &random) ?? ""
                default:
                    return
                        "\(UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 8...63, using: &random))"
                }
            }
            let text =
                "[\"" + String(repeating: "x", count: round % 9) + "\"," + items.joined(separator: ",") + "]"
            let isValid = items.allSatisfy { item in
                let parts = item.split(separator: " ")
                return parts.count == 1 && parts[0].wholeMatch(of: number) != nil
            }
            valid += isValid ? 1 : 0
            if isEvent(text) != isValid { Issue.record("\(text)") }
        }
        #expect(valid > 1000 && valid < 19_000)
    }

    /// Texts with something special at any place.
    @Test func texts() {
        for length in 0..<26 {
            for place in 0..<max(1, length) {
                for (special, isValid) in [
                    ("\"", false), ("\\", false), ("\\n", true), ("\u{1f}", false), ("\u{7f}", true),
                    ("é", true),
                    (" ", true), ("!", true), ("#", true), ("[", true), ("]", true), ("\\\"", true),
                ] {
                    var characters = [String](repeating: "a", count: length)
                    if length > 0 { characters[place] = special }
                    let text = "{\"viewerId\":\"" + characters.joined() + "\",\"x\":1}"
                    let isExpected = length == 0 || isValid
                    // A backslash before the last quote takes that with it, before a letter it is no escape.
                    if isEvent(text) != isExpected { Issue.record("\(text)") }
                }
            }
        }
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
