import Testing

@testable import HTTP

@Suite struct EntityTagTests {
    private func contains(_ list: String, _ tag: String, _ comparison: EntityTag.Comparison) -> Bool {
        EntityTag.list(Array(list.utf8).span, contains: Array(tag.utf8).span, comparison)
    }

    /// The table of RFC 9110 section 8.8.3.2.
    @Test(
        arguments: [
            (#"W/"1""#, #"W/"1""#, false, true),
            (#"W/"1""#, #"W/"2""#, false, false),
            (#"W/"1""#, #""1""#, false, true),
            (#""1""#, #"W/"1""#, false, true),
            (#""1""#, #""1""#, true, true),
            (#""""#, #""""#, true, true),
        ]
    )
    func comparisons(left: String, right: String, strong: Bool, weak: Bool) {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        let areEqualStrongly = EntityTag.areEqual(left.span, right.span, .strong)
        let areEqualWeakly = EntityTag.areEqual(left.span, right.span, .weak)
        #expect(areEqualStrongly == strong)
        #expect(areEqualWeakly == weak)
    }

    @Test func aListOfOneComparesLikeTheTag() {
        #expect(contains(#"W/"1""#, #""1""#, .weak))
        #expect(contains(#""1""#, #"W/"1""#, .weak))
        #expect(!contains(#"W/"1""#, #""1""#, .strong))
        #expect(!contains(#""1""#, #"W/"1""#, .strong))
        #expect(!contains(#"W/"1""#, #"W/"1""#, .strong))
    }

    @Test(
        arguments: [
            ("*", true, true),
            (" * ", true, true),
            (#""tag""#, true, true),
            (#"W/"tag""#, false, true),
            (#""a", W/"b" , "tag","c""#, true, true),
            (#""a",W/"tag""#, false, true),
            (#","tag""#, true, true),
            (#""tag","#, true, true),
            (#""a",, ,"tag""#, true, true),
            ("\t\"tag\"\t", true, true),
            (#""x,y","tag""#, true, true),
            (#""other""#, false, false),
            (#""a","b", "c""#, false, false),
            (#""tagx""#, false, false),
            (#""xtagx""#, false, false),
            (#""ta""#, false, false),
            (#""TAG""#, false, false),
            (#""a,"tag",b""#, false, false),
            (#""\"tag\"""#, false, false),
        ]
    )
    func lists(list: String, strong: Bool, weak: Bool) {
        #expect(contains(list, #""tag""#, .strong) == strong)
        #expect(contains(list, #""tag""#, .weak) == weak)
    }

    @Test(arguments: [
        "",
        " ",
        ",",
        "tag",
        #"tag""#,
        #""tag"#,
        #"""#,
        "W/",
        "W/tag",
        #"w/"tag""#,
        #"W "tag""#,
        #"W/ "tag""#,
        #""tag" "tag""#,
        #""tag";"tag""#,
        #""tag",*"#,
        #"*,"tag""#,
        "**",
        #""tag", other"#,
        #""tag", "other"#,
        "\"tag\", \"a b\"",
        "\"tag\", \"a\u{7f}\"",
        "\"tag\", \"a\u{0}\"",
    ])
    func malformedListsMatchNothing(list: String) {
        #expect(!contains(list, #""tag""#, .weak))
        #expect(!contains(list, #""tag""#, .strong))
    }

    @Test func bytesAboveASCIIAreAllowed() {
        #expect(contains("\"a\", \"é\"", "\"é\"", .strong))
    }

    @Test(
        arguments: [
            (#""a""#, true), (#"W/"a""#, true), (#""""#, true), (#""a","b""#, false), ("a", false),
            ("", false),
            (#""a" "#, false), ("*", false),
        ]
    )
    func oneTag(text: String, isTag: Bool) {
        let result = EntityTag.isTag(Array(text.utf8).span)
        #expect(result == isTag)
    }
}
