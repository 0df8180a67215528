import Testing

@testable import HTTP

@Suite struct ResponseFieldsTests {
    @Test func linesInTheirOrder() {
        let fields = ResponseFields()
        #expect(fields.isEmpty)
        fields.add("A", "b")
        fields.add("N", decimal: 42)
        fields.add("T", "é" as String)
        fields.add("S", Array("span".utf8).span)
        fields.add(block: Array("X: y\r\n".utf8))
        #expect(fields.block.text() == "A: b\r\nN: 42\r\nT: é\r\nS: span\r\nX: y\r\n")
        #expect(!fields.isEmpty)
        fields.removeAll()
        #expect(fields.isEmpty)
        #expect(fields.block.text() == "")
    }

    /// A value from elsewhere must not be able to end its line.
    @Test(
        arguments: [
            ("a\r\nSet-Cookie: x", "a  Set-Cookie: x"), ("a\nb", "a b"), ("a\rb", "a b"), ("\u{0}", " "),
            ("a\u{7f}b", "a b"),
            ("\u{1b}[31m", " [31m"), ("plain", "plain"), ("", ""), ("a\tb", "a\tb"),
        ]
    )
    func controlCharactersBecomeSpaces(value: String, shown: String) {
        let fields = ResponseFields()
        fields.add("L", value)
        #expect(fields.block.text() == "L: \(shown)\r\n")
        fields.removeAll()
        fields.add("L", Array(value.utf8).span)
        #expect(fields.block.text() == "L: \(shown)\r\n")
    }

    @Test func everyControlCharacterInLongValues() {
        for byte in Array(UInt8(0)..<0x20) + [0x7f] {
            for length in [1, 7, 8, 9, 31] {
                for place in 0..<length {
                    var value = [UInt8](repeating: 0x61, count: length)
                    value[place] = byte
                    let fields = ResponseFields()
                    fields.add("L", value.span)
                    let lines = fields.block.copied().dropLast(2)
                    let isClean = lines.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 && byte == 0x09 }
                    if !isClean { Issue.record("byte \(byte) at \(place) of \(length)") }
                }
            }
        }
    }

    @Test(
        arguments: [
            (0..<1, 1, "bytes 0-0/1"), (5..<10, 100, "bytes 5-9/100"), (nil, 100, "bytes */100"),
            (nil, 0, "bytes */0"),
            (0..<UInt64.max, UInt64.max, "bytes 0-18446744073709551614/18446744073709551615"),
        ] as [(Range<UInt64>?, UInt64, String)]
    )
    func contentRanges(range: Range<UInt64>?, size: UInt64, value: String) {
        let fields = ResponseFields()
        fields.addContentRange(range, size: size)
        #expect(fields.block.text() == "Content-Range: \(value)\r\n")
    }
}
