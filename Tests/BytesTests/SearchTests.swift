import Testing

@testable import Bytes

@Suite struct SearchTests {
    private func holdsControlCharacter(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        bytes.span.containsControlCharacter(from: range.lowerBound, to: range.upperBound)
    }

    private func equals(_ bytes: String, _ text: StaticString) -> Bool { Array(bytes.utf8).span.equals(text) }

    private func equalsIgnoringCase(_ bytes: String, _ text: StaticString) -> Bool {
        Array(bytes.utf8).span.equalsIgnoringCase(text)
    }

    private func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { left.span.equals(right.span) }

    private func near(_ bytes: [UInt8], _ upper: Int) -> Int? {
        bytes.span.nearOffset(of: 0x3a, from: 0, to: upper)
    }

    @Test func firstOffsets() {
        let bytes = Array("ab\ncd\n".utf8)
        for start in 0...8 {
            let expected = start < bytes.count ? bytes[start...].firstIndex(of: 0x0a) : nil
            #expect(bytes.span.firstOffset(of: 0x0a, from: start) == expected)
        }
        #expect([UInt8]().span.firstOffset(of: 0) == nil)
        #expect(bytes.span.firstOffset(of: 0x7a) == nil)
    }

    /// Every byte at every place of texts of up to 40 bytes, so that both the words and the rest are met.
    @Test func controlCharactersAreFoundEverywhere() {
        for length in 1..<40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                for byte in UInt8.min...UInt8.max {
                    bytes[place] = byte
                    let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7f
                    let found = bytes.span.containsControlCharacter(from: 0, to: length)
                    if found != isControl {
                        Issue.record("byte \(byte) at \(place) of \(length): \(found)")
                    }
                }
            }
        }
    }

    /// Every byte at every place again, looking for spaces and for a byte that is near.
    @Test func spacesAndNearBytesAreFoundEverywhere() {
        for length in 1..<40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                for byte in UInt8.min...UInt8.max {
                    bytes[place] = byte
                    let space = byte <= 0x20 || byte == 0x7f ? place : nil
                    let isMissed = byte != 0x3a || place >= length / 8 * 8
                    let isTooFar = place >= min(length, 20) / 8 * 8
                    if bytes.span.firstSpaceOrControlCharacter(from: 0) != space
                        || near(bytes, 100) != (isMissed ? nil : place)
                        || near(bytes, 20) != (isMissed || isTooFar ? nil : place)
                    {
                        Issue.record("byte \(byte) at \(place) of \(length)")
                    }
                }
            }
        }
    }

    @Test(arguments: [UInt8(0x09), 0x20, 0x21, 0x7e, 0x80, 0x8a, 0xa0, 0xff])
    func textsOfOneAllowedCharacter(byte: UInt8) {
        for length in 0..<40 {
            let bytes = [UInt8](repeating: byte, count: length)
            #expect(!holdsControlCharacter(bytes, 0..<length))
        }
    }

    @Test func onlyTheGivenPartIsSearched() {
        for length in [3, 8, 9, 16, 17, 25] {
            let bytes = [0x0d] + [UInt8](repeating: 0x41, count: length) + [0x0a]
            #expect(!holdsControlCharacter(bytes, 1..<(length + 1)))
            #expect(holdsControlCharacter(bytes, 0..<(length + 1)))
            #expect(holdsControlCharacter(bytes, 1..<(length + 2)))
            #expect(!holdsControlCharacter(bytes, 1..<1))
        }
    }

    @Test func equalityWithoutRegardToCase() {
        #expect(equalsIgnoringCase("Content-LENGTH", "content-length"))
        #expect(equalsIgnoringCase("", ""))
        #expect(!equalsIgnoringCase("content-lengt", "content-length"))
        #expect(!equalsIgnoringCase("content-lengti", "content-length"))
        // 0x40 and 0x60 differ in the same bit as letters do; so do 0x5b and 0x7b.
        #expect(!equalsIgnoringCase("@", "`"))
        #expect(!equalsIgnoringCase("[", "{"))
        #expect(!equalsIgnoringCase("\r", "-"))
    }

    /// Every byte against every other one that differs in a bit, at every place of short and long texts.
    @Test func equalityWithoutRegardToCaseEverywhere() {
        for length in [1, 3, 7, 8, 9, 15, 16, 17, 25] {
            for place in 0..<length {
                var left = [UInt8](repeating: 0x61, count: length)
                var right = left
                for byte in UInt8.min...UInt8.max {
                    for bit in 0..<8 {
                        left[place] = byte
                        right[place] = byte ^ (1 << UInt8(bit))
                        let expected = ASCII.lowercased(left[place]) == ASCII.lowercased(right[place])
                        let (one, other) = (left.span.equalsIgnoringCase(right.span), expected)
                        if one != other { Issue.record("\(byte), bit \(bit) at \(place) of \(length)") }
                    }
                }
            }
        }
    }

    /// Every byte at every place of texts of letters, or of hyphens.
    @Test(arguments: [UInt8(0x61), 0x5a, 0x2d, 0x39]) func tokensAndVisibleTextEverywhere(filling: UInt8) {
        for length in 0..<26 {
            for place in 0..<max(1, length) {
                var bytes = [UInt8](repeating: filling, count: length)
                for byte in UInt8.min...UInt8.max {
                    if length > 0 { bytes[place] = byte }
                    let token = bytes.firstIndex { !ASCII.isTokenCharacter($0) } ?? length
                    let isVisible = bytes.allSatisfy { (0x21...0x7e).contains($0) }
                    if bytes.span.tokenLength() != token || bytes.span.isVisibleASCII != isVisible {
                        Issue.record("byte \(byte) at \(place) of \(length)")
                    }
                }
            }
        }
    }

    @Test(
        arguments: [
            ("", nil), ("a", nil), ("ab", 0), ("aab", 1), ("aaab", 2), ("ba", nil), ("xxab", 2), ("xxa", nil),
            ("ab ab", 0),
        ] as [(String, Int?)]
    )
    func firstOffsetsOfText(text: String, expected: Int?) {
        let bytes = Array(text.utf8)
        #expect(bytes.span.firstOffset(of: "ab") == expected)
        #expect(bytes.span.contains("ab") == (expected != nil))
        #expect(bytes.span.startsWith("ab") == text.hasPrefix("ab"))
        #expect(bytes.span.endsWith("ab") == text.hasSuffix("ab"))
        let (startsWithNothing, endsWithNothing) = (bytes.span.startsWith(""), bytes.span.endsWith(""))
        #expect(startsWithNothing && endsWithNothing)
    }

    @Test func words() {
        let bytes: [UInt8] = [9, 1, 2, 3, 4, 5, 6, 7, 8]
        #expect(bytes.span.word(at: 1) == 0x0807_0605_0403_0201)
    }

    /// Every part of texts of all lengths, also behind the end, against byte by byte.
    @Test func wordsOfFewerBytes() {
        for count in 0..<24 {
            let bytes = (0..<count).map { UInt8(0xf0 - $0) }
            for offset in 0..<count + 10 {
                let rest = bytes.dropFirst(offset)
                for length in 1...8 where length <= rest.count {
                    #expect(bytes.span.word(at: offset, length: length) == Self.word(rest.prefix(length)))
                }
                #expect(bytes.span.paddedWord(at: offset) == Self.word(rest.prefix(8)))
            }
        }
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Test func exactEquality() {
        #expect(equals("GET", "GET"))
        #expect(!equals("get", "GET"))
        #expect(!equals("GE", "GET"))
        #expect(equals("", ""))
        #expect(areEqual([], []))
        #expect(areEqual([1, 2], [1, 2]))
        #expect(!areEqual([1, 2], [1, 3]))
        #expect(!areEqual([1, 2], [1]))
    }

    @Test(
        arguments: [
            ("", ""), (" ", ""), (" \t ", ""), ("a", "a"), (" a\t", "a"), ("a b", "a b"),
            ("\t a \t b  ", "a \t b"),
            ("\na ", "\na"),
        ]
    )
    func trimming(text: String, expected: String) {
        #expect(Array(text.utf8).span.trimmed().text() == expected)
    }

    @Test func brokenUTF8BecomesReplacementCharacters() {
        #expect(([0x61, 0xff, 0x62] as [UInt8]).span.text() == "a\u{fffd}b")
    }
}
