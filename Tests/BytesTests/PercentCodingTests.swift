import Testing

@testable import Bytes

@Suite struct PercentCodingTests {
    private func decoded(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        return PercentCoding.decode(Array(text.utf8).span, into: &result) ? result : nil
    }

    @Test(
        arguments: [
            ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%41%62", "Ab"), ("%2f%2F", "//"), ("%25", "%"),
            ("%2525", "%25"), ("+", "+"), ("%c3%bc", "ü"), ("a%00b", "a\u{0}b"),
        ]
    )
    func decoding(text: String, expected: String) {
        #expect(decoded(text) == Array(expected.utf8))
    }

    @Test(arguments: ["%", "a%", "%4", "a%4", "%4g", "%g4", "%%41", "% 1", "%+1", "%-1", "%0x41", "a%zz"])
    func badEncodings(text: String) {
        #expect(decoded(text) == nil)
    }

    @Test func decodingAppends() {
        var result: [UInt8] = [0x2f]
        #expect(PercentCoding.decode(Array("%41".utf8).span, into: &result))
        #expect(result == Array("/A".utf8))
    }

    @Test func everyByteDecodes() {
        for byte in UInt8.min...UInt8.max {
            let digits = String(byte, radix: 16)
            let text = "%" + (digits.count < 2 ? "0" : "") + digits
            #expect(decoded(text) == [byte])
            #expect(decoded(text.uppercased()) == [byte])
        }
    }

    @Test(
        arguments: [
            ("", ""), ("AZaz09-._~", "AZaz09-._~"), ("a b", "a%20b"), ("/", "%2F"), ("%", "%25"),
            ("ü", "%C3%BC"),
            ("a\u{0}b", "a%00b"), ("😀", "%F0%9F%98%80"),
            ("!*'();:@&=+$,?#[]", "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%3F%23%5B%5D"),
        ]
    )
    func encoding(text: String, expected: String) {
        #expect(PercentCoding.encode(text) == expected)
    }

    @Test func whatIsEncodedDecodesToTheSame() {
        for value in UInt32(0)...0x2ff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a\(Character(scalar))b"
            #expect(decoded(PercentCoding.encode(text)) == Array(text.utf8))
        }
    }
}
