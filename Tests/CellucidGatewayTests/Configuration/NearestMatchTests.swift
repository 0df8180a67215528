import Testing

@testable import CellucidGateway

@Suite struct NearestMatchTests {
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("kitten", "sitting", 3),
        ("prot", "port", 1), ("ab", "ba", 1), ("ca", "abc", 3),
        ("flaw", "lawn", 2), ("a", "b", 1), ("intention", "execution", 5),
    ])
    func editDistance(_ first: String, _ second: String, _ distance: Int) {
        #expect(NearestMatch.editDistance(first, second) == distance)
        #expect(NearestMatch.editDistance(second, first) == distance)
    }

    @Test(
        arguments: [
            ("prot", "; did you mean port?"), ("wrokers", "; did you mean workers?"), ("abcdefgh", ""),
        ]
    )
    func suggestion(_ word: String, _ suggestion: String) {
        #expect(NearestMatch.suggestion(for: word, in: ["host", "port", "workers"]) == suggestion)
    }

    @Test func firstOfSeveralEquallyNearOnes() {
        #expect(NearestMatch.find("bat", in: ["cat", "hat"]) == "cat")
        #expect(NearestMatch.find("bat", in: []) == nil)
    }
}
