import TestSupport
import Testing

@testable import Viewers

/// The scanner, which looks at many bytes at a time, against one that looks at one after the other.
@Suite struct EventScannerTests {
    /// Whether both see the same in a text, of which there may be a part of a larger one in front and behind.
    private func isSame(_ text: [UInt8], offset: Int = 0) -> Bool {
        var bytes = [UInt8](repeating: UInt8(ascii: "1"), count: offset)
        bytes += text
        bytes += Array("1,\"".utf8)
        return isSame(text, bytes.span.extracting(offset..<offset + text.count))
    }

    private func isSame(_ text: [UInt8], _ span: Span<UInt8>) -> Bool {
        var scanner = EventScanner(span)
        var problem: EventSyntaxError?
        do throws(EventSyntaxError) { try scanner.scan() } catch { problem = error }
        do {
            let expected = try ReferenceJSON(text)
            if problem != nil { return false }
            let names = ["viewerId", "type", "viewerToken"]
            for (number, name) in names.enumerated()
            where scanner.values[number].place != expected.values[name] ?? 0..<0 {
                return false
            }
            return scanner.hasNonFiniteNumbers == expected.hasNonFiniteNumbers
        } catch let mistake as ReferenceJSON.Mistake {
            return problem == EventSyntaxError(mistake.problem, at: mistake.offset, of: text.span)
        } catch {
            return problem?.kind == .limit
        }
    }

    private func check(_ text: [UInt8], offset: Int = 0) {
        if !isSame(text, offset: offset) {
            Issue.record("\(offset) \(String(decoding: text, as: UTF8.self).debugDescription)")
        }
    }

    // MARK: Lists of numbers

    private static let planted =
        Array(",]}[ \n\"-+./0179:;eEn\\\u{0}".utf8) + [0x6c, 0x80, 0xac, 0xb0, 0xb1, 0xff]

    /// Something that may be wrong at any place of lists of any length, at any distance from the text's end.
    @Test(arguments: [1, 3])
    func plantedInLists(digits: Int) {
        for length in 0...80 {
            let list = (0..<length).map { index -> UInt8 in
                index % (digits + 1) == digits ? UInt8(ascii: ",") : UInt8(ascii: "1") + UInt8(index % 9)
            }
            for (number, end) in [
                "]", "]" + String(repeating: " ", count: 17), "", "],\"source\":\"lasso\"}",
            ].enumerated() {
                let begin = Array((number == 3 ? "{\"cells\":[" : "[").utf8)
                let end = Array(end.utf8)
                check(begin + list + end, offset: length % 16)
                for place in 0..<length {
                    // All of them in turn, so that the test takes no longer than others do.
                    for step in 0..<3 {
                        var text = begin + list + end
                        text[begin.count + place] =
                            Self.planted[(length + place * 5 + step * 11) % Self.planted.count]
                        check(text, offset: (place + step) % 16)
                    }
                }
            }
        }
    }

    /// Every byte in every place of 32 that are looked at.
    @Test func allBytes() {
        for place in 1...33 {
            for byte in UInt8.min...UInt8.max {
                var text = Array("[12,3,456,7,89,1011,12,1,3,14,15,16,1718,19]".utf8)
                text[place] = byte
                check(text)
            }
        }
    }

    /// Numbers of as many digits as go, and more, around the places where a list is cut.
    @Test func longNumbers() {
        for before in [0, 2, 2049] {
            for digits in [
                20, 2046, 2047, 2048, 2049, 4080, 4093, 4094, 4095, 4096, 4097, 4299, 4300, 4301, 9000,
            ] {
                for end in ["]", ".5]", "e5]", "E]", ",", ",7]", "", " ]"] {
                    let list = (0..<before).map { $0 % 2 == 0 ? UInt8(ascii: "1") : UInt8(ascii: ",") }
                    check(Array("[".utf8) + list + Array(repeating: 0x31, count: digits) + Array(end.utf8))
                }
            }
        }
    }

    // MARK: Documents

    /// Makes a value that is right, with members that are looked for and with white space here and there.
    private func document(_ depth: Int, _ random: inout SeededNumbers) -> String {
        func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
        func space() -> String {
            Int.random(in: 0..<8, using: &random) == 0 ? pick([" ", "\n", "\t \r\n", "          "]) : ""
        }
        let count = Int.random(in: 0...6, using: &random)
        switch Int.random(in: depth == 0 ? 3...9 : depth < 5 ? 0...9 : 0...5, using: &random) {
        case 0: return pick(["null", "true", "false", "NaN", "Infinity", "-Infinity"])
        case 1:
            return pick(["0", "-0", "7", "-12", "123456789", "0.5", "-1.25e-3", "1E5", "12e+30", "100000"])
        case 2, 3, 4:
            let parts = [
                "a", "selection", "é☃", "😀", "\\n", "\\\"", "\\\\", "\\u00e9", "/", "{\"", "0123456789abcdef",
            ]
            return "\"" + (0..<count).map { _ in pick(parts.filter { $0 != "{\"" }) }.joined() + "\""
        case 5, 6:
            let numbers = (0..<count * count * 2).map { _ in
                "\(UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 4...63, using: &random))"
            }
            return "[" + numbers.joined(separator: pick([",", ",", ", ", " , "])) + "]"
        case 7:
            return "[" + space()
                + (0..<count).map { _ in document(depth + 1, &random) + space() }
                .joined(separator: "," + space()) + "]"
        default:
            let names = [
                "viewerId", "type", "viewerToken", "viewerid", "typ", "types", "viewerTokem", "", "cells",
                "é", "x\\ty",
            ]
            return "{" + space()
                + (0..<count).map { _ in
                    "\"\(pick(names))\"" + space() + ":" + space() + document(depth + 1, &random) + space()
                }.joined(separator: "," + space()) + "}"
        }
    }

    /// Documents and what becomes of them when a few bytes are changed, lost or doubled.
    @Test(arguments: 0..<8) func documents(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var (valid, invalid) = (0, 0)
        let bytes = Array("{}[]\",:\\ \n\tu0129-+.eEnNItf\u{1}".utf8) + [0x80, 0xc3]
        for round in 0..<300 {
            let text = Array(document(0, &random).utf8)
            check(text, offset: round % 16)
            for _ in 0..<4 {
                var changed = text
                for _ in 0..<Int.random(in: 1...2, using: &random) where !changed.isEmpty {
                    let place = Int.random(in: 0..<changed.count, using: &random)
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: changed.remove(at: place)
                    case 1: changed.insert(changed[place], at: place)
                    case 2: changed.removeSubrange(place...)
                    case 3: changed.insert(bytes.randomElement(using: &random) ?? 0, at: place)
                    default: changed[place] = bytes.randomElement(using: &random) ?? 0
                    }
                }
                check(changed, offset: round % 16)
                if (try? ReferenceJSON(changed)) == nil { invalid += 1 } else { valid += 1 }
            }
        }
        #expect(valid > 50 && invalid > 300)
    }

    /// Text of any length with something special at any place, up to the end of all.
    @Test func texts() {
        let special = [
            "\"", "\\", "\\n", "\\u00e9", "\\u12", "\u{0}", "\u{1f}", " ", "!", "#", "\u{7f}", "é", "\u{a2}",
            "\u{dc}",
        ]
        for length in 0...40 {
            for place in 0...length {
                for (number, character) in special.enumerated() {
                    let content =
                        String(repeating: "a", count: place) + character
                        + String(repeating: "b", count: length - place)
                    check(Array("\"\(content)\"".utf8), offset: number)
                    check(Array("{\"\(content)\":\"\(content)\",\"type\":1}".utf8), offset: place % 16)
                    check(Array("\"\(content)".utf8))
                }
            }
        }
    }

    /// The kinds of what is inside each other are told apart up to the greatest depth.
    @Test(arguments: 0..<20) func depths(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for count in [1, 2, 63, 64, 65, 128, 129, 511, 512, 513] {
            let areObjects = (0..<count).map { _ in Bool.random(using: &random) }
            let ends = areObjects.reversed().map { $0 ? UInt8(ascii: "}") : UInt8(ascii: "]") }
            let text = areObjects.flatMap { Array(($0 ? "{\"a\":" : "[").utf8) } + Array("1".utf8) + ends
            check(text)
            var changed = text
            let place = changed.count - 1 - Int.random(in: 0..<count, using: &random)
            changed[place] ^= UInt8(ascii: "}") ^ UInt8(ascii: "]")
            check(changed)
        }
    }
}
