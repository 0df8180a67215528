import Bytes
import Testing

@testable import HTTP

@Suite struct FieldNameTests {
    @Test(arguments: FieldName.allCases) func recognisedInAnyCase(name: FieldName) {
        let lower = "\(name.text)"
        let mixed = String(
            lower.enumerated().map {
                $0.offset.isMultiple(of: 2) ? Character($0.element.uppercased()) : $0.element
            }
        )
        #expect(lower == lower.lowercased())
        for text in [lower, lower.uppercased(), mixed] {
            #expect(FieldName(Array(text.utf8).span) == name)
        }
        #expect(FieldName(Array((lower + "x").utf8).span) != name)
        #expect(FieldName(Array(lower.dropLast().utf8).span) != name)
        #expect(FieldName(Array((" " + lower).utf8).span) == nil)
    }

    @Test(arguments: [
        "", "x", "hos", "content_length", "x-forwarded", "accept-encodinG\u{0}",
        String(repeating: "a", count: 200),
    ])
    func others(text: String) {
        #expect(FieldName(Array(text.utf8).span) == nil)
    }

    /// Every byte at every place, at the end of what can be read and before more.
    @Test(arguments: FieldName.allCases) func oneByteMakesAnother(name: FieldName) {
        let text = Array("\(name.text)".utf8)
        for place in 0..<text.count {
            for byte in UInt8.min...UInt8.max {
                var other = text
                other[place] = byte
                let lower = String(decoding: other.map { ASCII.lowercased($0) }, as: UTF8.self)
                let expected = byte < 0x80 ? FieldName.allCases.first { "\($0.text)" == lower } : nil
                let padded = [0x61, 0x62] + other + Array("12345678".utf8)
                let found = FieldName(other.span)
                let inside = FieldName(in: padded.span, 2..<(2 + other.count))
                if found != expected || inside != expected {
                    Issue.record("byte \(byte) at \(place) of \(name)")
                }
            }
        }
    }

    @Test func noTwoHaveOneName() {
        #expect(Set(FieldName.allCases.map { "\($0.text)" }).count == FieldName.allCases.count)
    }
}
