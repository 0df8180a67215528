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

    @Test func noTwoHaveOneName() {
        #expect(Set(FieldName.allCases.map { "\($0.text)" }).count == FieldName.allCases.count)
    }
}
