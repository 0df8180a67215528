import Testing

@testable import Bytes

@Suite struct ASCIITests {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let digits = Array("0123456789".utf8)

    /// `tchar` of RFC 9110 section 5.6.2.
    @Test func tokenCharacters() {
        let allowed = Set(Array("!#$%&'*+-.^_`|~".utf8) + Self.digits + Self.letters)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isTokenCharacter(byte) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test func classesOfCharacters() {
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isDigit(byte) == Self.digits.contains(byte), "byte \(byte)")
            #expect(ASCII.isLetter(byte) == Self.letters.contains(byte), "byte \(byte)")
            #expect(ASCII.isOptionalWhitespace(byte) == (byte == 32 || byte == 9), "byte \(byte)")
            let isUpperCase = (0x41...0x5a).contains(byte)
            #expect(ASCII.lowercased(byte) == (isUpperCase ? byte + 32 : byte), "byte \(byte)")
        }
    }

    @Test func lowerCaseOfWords() {
        for byte in UInt64(0)...255 {
            for (other, shift) in [(UInt64(0), 0), (0x41, 8), (0xff, 56), (0x80, 32)] as [(UInt64, UInt64)] {
                let word = other &* 0x0101_0101_0101_0101 & ~(0xff << shift) | byte << shift
                var expected: UInt64 = 0
                for place in UInt64(0)..<8 {
                    let single = UInt8(truncatingIfNeeded: word >> (8 * place))
                    expected |= UInt64(ASCII.lowercased(single)) << (8 * place)
                }
                #expect(ASCII.lowercased(word) == expected, "byte \(byte) at bit \(shift)")
            }
        }
    }

    @Test func charactersOfHosts() {
        for byte in UInt8.min...UInt8.max {
            let isSymbol = "-._".utf8.contains(byte)
            #expect(ASCII.isHostCharacter(byte) == (ASCII.isLetter(byte) || ASCII.isDigit(byte) || isSymbol))
        }
    }

    @Test func hexadecimalDigits() {
        for byte in UInt8.min...UInt8.max {
            let text = String(decoding: [byte], as: UTF8.self)
            let isPlain = text != "+" && text != "-"
            #expect(ASCII.hexadecimalValue(byte) == (isPlain ? UInt8(text, radix: 16) : nil), "byte \(byte)")
        }
        for value in UInt8(0)..<16 {
            #expect(ASCII.hexadecimalDigit(value) == String(value, radix: 16).utf8.first)
        }
    }
}
