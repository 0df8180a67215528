import Testing

@testable import HTTP

@Suite struct ConditionalTests {
    private static let tag = #""f280-18e9""#
    private static let weakTag = #"W/"f280-18e9""#
    private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let earlier = "Sun, 06 Nov 1994 07:49:37 GMT"
    private static let later = "Sun, 06 Nov 1994 09:49:37 GMT"
    private static let lastModified: Int64 = 784_111_777
    private static let now: Int64 = 1_795_219_200

    /// The conditional fields of a request and what they come to.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let outcome: Conditional.Outcome
        var ifMatch: String?
        var ifUnmodifiedSince: String?
        var ifNoneMatch: String?
        var ifModifiedSince: String?

        init(
            _ name: String,
            _ outcome: Conditional.Outcome,
            ifMatch: String? = nil,
            ifUnmodifiedSince: String? = nil,
            ifNoneMatch: String? = nil,
            ifModifiedSince: String? = nil
        ) {
            testDescription = name
            self.outcome = outcome
            self.ifMatch = ifMatch
            self.ifUnmodifiedSince = ifUnmodifiedSince
            self.ifNoneMatch = ifNoneMatch
            self.ifModifiedSince = ifModifiedSince
        }
    }

    static let rows: [Row] = [
        Row("no condition", .proceed),
        Row("If-None-Match with the tag", .notModified, ifNoneMatch: tag),
        Row("If-None-Match compares weakly", .notModified, ifNoneMatch: weakTag),
        Row("If-None-Match with a list", .notModified, ifNoneMatch: #""a", W/"b" , \#(tag),"c""#),
        Row("If-None-Match: *", .notModified, ifNoneMatch: "*"),
        Row("If-None-Match with another", .proceed, ifNoneMatch: #""other""#),
        Row("If-None-Match with others", .proceed, ifNoneMatch: #""a","b", "c""#),
        Row("If-None-Match without quotes", .proceed, ifNoneMatch: "f280-18e9"),
        Row("If-None-Match with a longer tag", .proceed, ifNoneMatch: #""f280-18e9x""#),
        Row("If-None-Match with the tag inside another", .proceed, ifNoneMatch: #""xf280-18e9x""#),
        Row("If-None-Match empty", .proceed, ifNoneMatch: ""),
        Row("If-Modified-Since equal", .notModified, ifModifiedSince: modified),
        Row("If-Modified-Since later", .notModified, ifModifiedSince: later),
        Row("If-Modified-Since earlier", .proceed, ifModifiedSince: earlier),
        Row("If-Modified-Since nonsense", .proceed, ifModifiedSince: "yesterday"),
        Row("If-Modified-Since empty", .proceed, ifModifiedSince: ""),
        Row("If-Modified-Since RFC 850", .notModified, ifModifiedSince: "Sunday, 06-Nov-94 08:49:37 GMT"),
        Row("If-Modified-Since asctime", .notModified, ifModifiedSince: "Sun Nov  6 08:49:37 1994"),
        Row(
            "no match beats not modified",
            .proceed,
            ifNoneMatch: #""other""#,
            ifModifiedSince: modified
        ),
        Row("a malformed list beats not modified", .proceed, ifNoneMatch: "x", ifModifiedSince: modified),
        Row("a match beats modified", .notModified, ifNoneMatch: tag, ifModifiedSince: earlier),
        Row("If-Match with the tag", .proceed, ifMatch: tag),
        Row("If-Match: *", .proceed, ifMatch: "*"),
        Row("If-Match with a list", .proceed, ifMatch: #""a", \#(tag)"#),
        Row("If-Match with another", .preconditionFailed, ifMatch: #""other""#),
        Row("If-Match malformed", .preconditionFailed, ifMatch: "f280-18e9"),
        Row("If-Match empty", .preconditionFailed, ifMatch: ""),
        Row("If-Match compares strongly", .preconditionFailed, ifMatch: weakTag),
        Row("If-Unmodified-Since equal", .proceed, ifUnmodifiedSince: modified),
        Row("If-Unmodified-Since later", .proceed, ifUnmodifiedSince: later),
        Row("If-Unmodified-Since earlier", .preconditionFailed, ifUnmodifiedSince: earlier),
        Row("If-Unmodified-Since nonsense", .proceed, ifUnmodifiedSince: "yesterday"),
        Row("If-Match beats If-Unmodified-Since", .proceed, ifMatch: tag, ifUnmodifiedSince: earlier),
        Row(
            "a failing If-Match beats a true If-Unmodified-Since",
            .preconditionFailed,
            ifMatch: #""other""#,
            ifUnmodifiedSince: later
        ),
        Row(
            "a failing If-Match beats a matching If-None-Match",
            .preconditionFailed,
            ifMatch: #""other""#,
            ifNoneMatch: tag
        ),
        Row("a true If-Match goes on to If-None-Match", .notModified, ifMatch: tag, ifNoneMatch: tag),
        Row(
            "a true If-Unmodified-Since goes on to If-Modified-Since",
            .notModified,
            ifUnmodifiedSince: modified,
            ifModifiedSince: modified
        ),
        Row(
            "a false If-Unmodified-Since beats a matching If-None-Match",
            .preconditionFailed,
            ifUnmodifiedSince: earlier,
            ifNoneMatch: tag
        ),
    ]

    @Test(arguments: rows)
    func precedence(row: Row) {
        let ifMatch = row.ifMatch.map { Array($0.utf8) }
        let ifUnmodifiedSince = row.ifUnmodifiedSince.map { Array($0.utf8) }
        let ifNoneMatch = row.ifNoneMatch.map { Array($0.utf8) }
        let ifModifiedSince = row.ifModifiedSince.map { Array($0.utf8) }
        let outcome = Conditional.evaluate(
            ifMatch: ifMatch?.span,
            ifUnmodifiedSince: ifUnmodifiedSince?.span,
            ifNoneMatch: ifNoneMatch?.span,
            ifModifiedSince: ifModifiedSince?.span,
            tag: Array(Self.tag.utf8).span,
            lastModified: Self.lastModified,
            now: Self.now
        )
        #expect(outcome == row.outcome)
    }

    @Test(
        arguments: [
            (tag, true),
            (#""other""#, false),
            (weakTag, false),
            (modified, true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true),
            (earlier, false),
            (later, false),
            ("nonsense", false),
            ("", false),
            ("*", false),
            (#""other", \#(tag)"#, false),
            (#"\#(tag), "other""#, false),
            ("f280-18e9", false),
        ]
    )
    func ifRange(value: String, holds: Bool) {
        let result = Conditional.ifRangeHolds(
            Array(value.utf8).span,
            tag: Array(Self.tag.utf8).span,
            lastModified: Self.lastModified,
            now: Self.now
        )
        #expect(result == holds)
    }

    @Test func aWeakTagNeverHoldsARange() {
        let weak = Array(Self.weakTag.utf8)
        let holds = Conditional.ifRangeHolds(weak.span, tag: weak.span, lastModified: 0, now: Self.now)
        #expect(!holds)
    }
}
