import Testing

@testable import HTTP

@Suite struct ResponseParserTests {
    private static let good = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A:\t b c \r\nSet-Cookie: a=b\r\nset-cookie: c\r\n\r\nbody"
            .utf8
    )

    private static let parsed = ResponseOutcome.parsed(
        ParsedResponse(
            200,
            .http11,
            ["Content-Type: text/html", "X-A: b c", "Set-Cookie: a=b", "set-cookie: c"],
            length: good.count - 4
        )
    )

    @Test func wholeHead() { #expect(ResponseFixture.parse(Self.good) == Self.parsed) }

    @Test(arguments: 0..<(good.count - 4))
    func everyPrefixAsksForMore(count: Int) {
        #expect(ResponseFixture.parse(Array(Self.good[..<count])) == .incomplete)
    }

    @Test(arguments: 0..<good.count)
    func everySplit(first: Int) {
        #expect(ResponseFixture.parse(Self.good, ends: [first, Self.good.count]) == Self.parsed)
    }

    @Test func byteByByte() {
        #expect(ResponseFixture.parse(Self.good, ends: Array(0...Self.good.count)) == Self.parsed)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\n\r\n", 200, .http11), ("HTTP/1.0 404 Not Found\r\n\r\n", 404, .http10),
            ("HTTP/1.1 200 \r\n\r\n", 200, .http11), ("HTTP/1.1 200\r\n\r\n", 200, .http11),
            ("HTTP/1.2 599 caf\u{e9}\tau lait\r\n\r\n", 599, .http11),
            ("HTTP/1.1 100 Continue\r\n\r\n", 100, .http11),
        ] as [(String, UInt16, RequestHead.Version)]
    )
    func statusLines(text: String, status: UInt16, version: RequestHead.Version) {
        let expected = ParsedResponse(status, version, length: text.utf8.count)
        #expect(ResponseFixture.parse(Array(text.utf8)) == .parsed(expected))
    }

    @Test(
        arguments: [
            // RFC 9112 section 4.
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", "the answer does not begin with HTTP/"),
            ("X", "the answer does not begin with HTTP/"),
            ("HTTp/1.1 200 OK\r\n\r\n", "the answer does not begin with HTTP/"),
            ("ICY 200 OK\r\n\r\n", "the answer does not begin with HTTP/"),
            ("HTTPS", "the answer does not begin with HTTP/"),
            ("HTTP/1.1\r\n\r\n", "the status line does not begin with HTTP/1.x and a status code"),
            ("HTTP/2.0 200 OK\r\n\r\n", "the status line does not begin with HTTP/1.x and a status code"),
            ("HTTP/1.x 200 OK\r\n\r\n", "the status line does not begin with HTTP/1.x and a status code"),
            ("HTTP/1.1  200 OK\r\n\r\n", "the status code is not a number of three digits"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "the status code is not a number of three digits"),
            ("HTTP/1.1 20a OK\r\n\r\n", "the status code is not a number of three digits"),
            ("HTTP/1.1 -12 OK\r\n\r\n", "the status code is not a number of three digits"),
            ("HTTP/1.1 099 OK\r\n\r\n", "the status code is not between 100 and 599"),
            ("HTTP/1.1 600 OK\r\n\r\n", "the status code is not between 100 and 599"),
            ("HTTP/1.1 200 O\u{0}K\r\n\r\n", "the status line has a control character"),
            ("HTTP/1.1 200 O\rK\r\n\r\n", "the status line has a control character"),
            // RFC 9112 sections 2.2 and 5.
            ("HTTP/1.1 200 OK\n\r\n", "a line of the answer's head ends in LF without CR"),
            ("HTTP/1.1 200 OK\r\nA: b\n\r\n", "a line of the answer's head ends in LF without CR"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n\n", "a line of the answer's head ends in LF without CR"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "a header field is folded over two lines"),
            ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "a header field's name is not a token followed by a colon"),
            ("HTTP/1.1 200 OK\r\n: b\r\n\r\n", "a header field's name is not a token followed by a colon"),
            ("HTTP/1.1 200 OK\r\nA\r\n\r\n", "a header field's name is not a token followed by a colon"),
            ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "a header field's value has a control character"),
            ("HTTP/1.1 200 OK\r\nA: \u{7f}\r\n\r\n", "a header field's value has a control character"),
        ]
    )
    func refusals(text: String, reason: String) {
        let bytes = Array(text.utf8)
        #expect(ResponseFixture.parse(bytes) == .refused(reason))
        #expect(ResponseFixture.parse(bytes, ends: Array(0...bytes.count)) == .refused(reason))
    }

    @Test(arguments: [true, false])
    func limits(isComplete: Bool) {
        var limits = ResponseParser.Limits()
        limits.statusLineBytes = 100
        limits.fieldLines = 3
        limits.fieldBytes = 1000
        func outcome(_ text: String) -> ResponseOutcome {
            ResponseFixture.parse(Array((text + (isComplete ? "\r\n\r\n" : "")).utf8), limits: limits)
        }
        let long = String(repeating: "x", count: 1001)
        #expect(outcome("HTTP/1.1 200 " + long) == .refused("the status line is too long"))
        #expect(outcome("HTTP/1.1 200 OK\r\nA: " + long) == .refused("the header fields are too large"))
        let many = String(repeating: "A: b\r\n", count: 4)
        #expect(outcome("HTTP/1.1 200 OK\r\n" + many) == .refused("there are too many header fields"))
    }

    @Test func oneAfterAnother() throws {
        var parser = ResponseParser()
        let head = ResponseHead()
        let first = Array("HTTP/1.1 103 Early\r\nLink: a\r\n\r\n".utf8)
        let bytes = first + Self.good
        #expect(try parser.parse(bytes.span, into: head) == first.count)
        #expect(head.status.code == 103)
        #expect(try parser.parse(Self.good.span, into: head) == Self.good.count - 4)
        #expect(head.status == .ok)
        #expect(head.fieldCount == 4)
    }

    @Test func lookups() throws {
        let head = try ResponseFixture.head(["HTTP/1.1 200 OK", "X: y", "Vary: 1, Two", "vary: three"])
        #expect(head.value(.vary)?.text() == "1, Two")
        #expect(head.value(.location)?.text() == nil && !head.has(.location))
        #expect(head.count(of: .vary) == 2 && head.has(.vary) && head.count(of: .location) == 0)
        #expect(head.list(.vary, contains: "two") && head.list(.vary, contains: "three"))
        #expect(!head.list(.vary, contains: "thre"))
        #expect(head.name(at: 2).text() == "vary" && head.value(at: 2).text() == "three")
        #expect(head.knownName(at: 0) == nil && head.knownName(at: 2) == .vary)
        // The next answer has nothing of this one.
        head.reset()
        #expect(head.count(of: .vary) == 0 && head.value(.vary)?.text() == nil && head.fieldCount == 0)
    }

    @Test(
        arguments: [
            ("1.1", [], true), ("1.1", ["Connection: close"], false),
            ("1.1", ["Connection: x, Close"], false),
            ("1.0", [], false), ("1.0", ["Connection: keep-alive"], true),
            ("1.0", ["Connection: keep-alive, close"], false),
        ] as [(String, [String], Bool)]
    )
    func persistence(version: String, fields: [String], isKeptAlive: Bool) throws {
        #expect(try ResponseFixture.head(["HTTP/\(version) 200 OK"] + fields).isKeptAlive == isKeptAlive)
    }
}
