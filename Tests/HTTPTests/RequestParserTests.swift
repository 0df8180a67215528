import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let text: String
        let method: String
        let kind: Method
        let path: String
        var query: String?
        var version = RequestHead.Version.http11
        var form = RequestHead.TargetForm.origin
        var authority: String? = "h"
        var fields: [String] = ["Host: h"]
        /// Bytes after the head.
        var rest = 0

        var testDescription: String { text }
    }

    static let good: [Good] = [
        Good(text: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", method: "GET", kind: .get, path: "/"),
        Good(
            text: "GET /a%20b?x=%20&y HTTP/1.1\r\nHost: h\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/a b",
            query: "x=%20&y"
        ),
        Good(
            text: "HEAD /a? HTTP/1.1\r\nHost: h\r\n\r\n",
            method: "HEAD",
            kind: .head,
            path: "/a",
            query: ""
        ),
        Good(
            text: "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
            method: "POST",
            kind: .post,
            path: "/p",
            fields: ["Host: h", "Content-Length: 3"],
            rest: 3
        ),
        Good(text: "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", method: "GET", kind: .get, path: "/"),
        Good(text: "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", method: "GET", kind: .get, path: "/"),
        Good(
            text: "GET / HTTP/1.0\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/",
            version: .http10,
            authority: nil,
            fields: []
        ),
        Good(text: "GET / HTTP/1.9\r\nHost: h\r\n\r\n", method: "GET", kind: .get, path: "/"),
        Good(
            text: "GET / HTTP/1.1\r\nHost:h\r\nX:\r\nY: \t \r\nZ: \t a\tb \t\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/",
            fields: ["Host: h", "X: ", "Y: ", "Z: a\tb"]
        ),
        Good(
            text: "GET / HTTP/1.1\r\nhOsT: h\r\nA: 1\r\na: 2\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/",
            fields: ["hOsT: h", "A: 1", "a: 2"]
        ),
        Good(
            text: "GET / HTTP/1.1\r\nHost:\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/",
            authority: "",
            fields: ["Host: "]
        ),
        Good(
            text: "GET http://x.example:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/p",
            query: "q",
            form: .absolute,
            authority: "x.example:80"
        ),
        Good(
            text: "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
            method: "OPTIONS",
            kind: .options,
            path: "",
            form: .asterisk
        ),
        Good(
            text: "CONNECT x:443 HTTP/1.1\r\nHost: h\r\n\r\n",
            method: "CONNECT",
            kind: .connect,
            path: "",
            form: .authority,
            authority: "x:443"
        ),
        Good(text: "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", method: "BREW", kind: .other, path: "/pot"),
        Good(text: "get / HTTP/1.1\r\nHost: h\r\n\r\n", method: "get", kind: .other, path: "/"),
        Good(
            text: "!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~: v\r\n\r\n",
            method: "!#$%&'*+-.^_`|~",
            kind: .other,
            path: "/",
            fields: ["Host: h", "!#$%&'*+-.^_`|~: v"]
        ),
        Good(
            text: "GET /\u{fc} HTTP/1.1\r\nHost: h\r\nN: \u{fc}\r\n\r\n",
            method: "GET",
            kind: .get,
            path: "/\u{fc}",
            fields: ["Host: h", "N: \u{fc}"]
        ),
        Good(
            text: "GET / HTTP/1.1\r\nHost: h\r\nV: a:b,c;\"d\"\r\n\r\nGET /next HTTP/1.1\r\n",
            method: "GET",
            kind: .get,
            path: "/",
            fields: ["Host: h", "V: a:b,c;\"d\""],
            rest: 20
        ),
    ]

    @Test(arguments: good) func goodHeads(request: Good) {
        guard case .parsed(let parsed) = RequestFixture.parse(request.text) else {
            Issue.record("not parsed: \(RequestFixture.parse(request.text))")
            return
        }
        #expect(parsed.method == request.method)
        #expect(parsed.kind == request.kind)
        #expect(parsed.path == request.path)
        #expect(parsed.query == request.query)
        #expect(parsed.version == request.version)
        #expect(parsed.form == request.form)
        #expect(parsed.authority == request.authority)
        #expect(parsed.fields == request.fields)
        #expect(parsed.length == request.text.utf8.count - request.rest)
    }

    @Test(arguments: good) func everyPrefixWantsMore(request: Good) {
        let bytes = Array(request.text.utf8)
        for length in 0..<(bytes.count - request.rest) {
            #expect(RequestFixture.parse(Array(bytes[..<length])) == .incomplete)
        }
    }

    @Test(arguments: good) func piecesMakeNoDifference(request: Good) {
        let bytes = Array(request.text.utf8)
        let whole = RequestFixture.parse(bytes)
        for end in 0..<bytes.count {
            #expect(RequestFixture.parse(bytes, ends: [end, bytes.count]) == whole)
        }
        let bytewise = RequestFixture.parse(bytes, ends: 0...bytes.count)
        #expect(bytewise == whole)
    }

    @Test(
        arguments: [
            // The request line.
            ("GET /\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET / \r\n\r\n", 400),
            (" GET / HTTP/1.1\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET /  HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\n\r\n", 400),
            ("GET / a HTTP/1.1\r\n\r\n", 400), ("GET\t/\tHTTP/1.1\r\n\r\n", 400),
            ("GET /\tx HTTP/1.1\r\n\r\n", 400),
            ("GET / http/1.1\r\n\r\n", 400), ("GET / HTTP/11\r\n\r\n", 400), ("GET / HTTP/1.\r\n\r\n", 400),
            ("GET / HTTP/1.10\r\n\r\n", 400), ("GET / HTTP/a.1\r\n\r\n", 400),
            ("GET / HTTPS/1.1\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/0.9\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("G@T / HTTP/1.1\r\n\r\n", 400), ("GET: / HTTP/1.1\r\n\r\n", 400),
            ("\u{1}GET / HTTP/1.1\r\n\r\n", 400),
            ("GET /\u{0} HTTP/1.1\r\n\r\n", 400), ("GET /\u{7f} HTTP/1.1\r\n\r\n", 400),
            ("GET /a\rb HTTP/1.1\r\n\r\n", 400),
            ("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\n", 400),
            // Line ends.
            ("GET / HTTP/1.1\n\n", 400), ("GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
            ("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n", 400),
            // Field lines.
            ("GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n A: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost\t: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\u{0}c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: \u{7f}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: \u{1b}[0m\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA(b): c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n\u{fc}: c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA;b: c\r\n\r\n", 400),
        ]
    )
    func badHeads(text: String, status: UInt16) {
        let bytes = Array(text.utf8)
        let whole = RequestFixture.parse(bytes)
        guard case .refused(let error) = whole else {
            Issue.record("not refused: \(whole)")
            return
        }
        #expect(error.status == Status(status))
        #expect(error.breaksFraming)
        #expect(RequestFixture.parse(bytes, ends: 0...bytes.count) == whole)
    }

    // MARK: Limits

    private func request(targetBytes: Int) -> [UInt8] {
        Array("GET /".utf8) + [UInt8](repeating: 0x61, count: targetBytes - 1)
            + Array(" HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
    }

    /// The bytes of the request line that count are those before its LF.
    @Test func requestLinesUpTo16Kibibytes() {
        let around = "GET  HTTP/1.1\r".utf8.count
        let longest = request(targetBytes: 16 * 1024 - around)
        guard case .parsed = RequestFixture.parse(longest) else {
            Issue.record("the longest request line is refused")
            return
        }
        #expect(RequestFixture.parse(longest, ends: 0...longest.count) == RequestFixture.parse(longest))
        let tooLong = request(targetBytes: 16 * 1024 - around + 1)
        guard case .refused(let error) = RequestFixture.parse(tooLong) else {
            Issue.record("a longer request line is taken")
            return
        }
        #expect(error.status == .uriTooLong)
        #expect(RequestFixture.parse(tooLong, ends: 0...tooLong.count) == .refused(error))
        #expect(
            RequestFixture.parse([UInt8](repeating: 0x61, count: 16 * 1024 + 1)) == .refused(error),
            "it is refused before its end has come"
        )
        #expect(RequestFixture.parse([UInt8](repeating: 0x61, count: 16 * 1024)) == .incomplete)
    }

    @Test(arguments: [(1, true), (99, true), (100, true), (101, false), (150, false)])
    func upTo100Fields(count: Int, isTaken: Bool) {
        let lines = (1..<count).map { "F\($0): \($0)\r\n" }.joined()
        let bytes = Array(("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n").utf8)
        let whole = RequestFixture.parse(bytes)
        switch whole {
        case .parsed(let parsed): #expect(isTaken && parsed.fields.count == count)
        case .refused(let error): #expect(!isTaken && error.status == .headerFieldsTooLarge)
        case .incomplete: Issue.record("incomplete")
        }
        #expect(RequestFixture.parse(bytes, ends: 0...bytes.count) == whole)
    }

    /// The bytes that count are all field lines with their line ends, and the CR of the empty line.
    @Test(arguments: [(64 * 1024 - 1, true), (64 * 1024, false), (70 * 1024, false)])
    func fieldsUpTo64Kibibytes(fieldBytes: Int, isTaken: Bool) {
        let host = "Host: h\r\n"
        let around = host.utf8.count + "A: \r\n".utf8.count
        let value = String(repeating: "v", count: fieldBytes - around)
        let bytes = Array("GET / HTTP/1.1\r\n\(host)A: \(value)\r\n\r\n".utf8)
        let whole = RequestFixture.parse(bytes)
        switch whole {
        case .parsed: #expect(isTaken)
        case .refused(let error): #expect(!isTaken && error.status == .headerFieldsTooLarge)
        case .incomplete: Issue.record("incomplete")
        }
        let pieces = stride(from: 0, through: bytes.count, by: 61)
        #expect(RequestFixture.parse(bytes, ends: Array(pieces) + [bytes.count]) == whole)
    }

    // MARK: Reuse

    @Test func oneHeadForManyRequestsKeepsNothing() {
        var parser = RequestParser()
        let head = RequestHead()
        for round in 0..<3 {
            for request in Self.good {
                let bytes = Array(request.text.utf8)
                let reused = RequestFixture.parse(bytes, ends: [round, bytes.count], &parser, head)
                #expect(reused == RequestFixture.parse(bytes))
                let fresh = RequestHead()
                var other = RequestParser()
                _ = RequestFixture.parse(bytes, ends: [bytes.count], &other, fresh)
                for name in FieldName.allCases { #expect(head.count(of: name) == fresh.count(of: name)) }
            }
        }
    }

    @Test func afterResetABrokenOffHeadIsForgotten() {
        var parser = RequestParser()
        let head = RequestHead()
        let broken = Array("POST /secret HTTP/1.1\r\nHost: h\r\nCookie: a\r\nRange: byt".utf8)
        #expect(RequestFixture.parse(broken, ends: [broken.count], &parser, head) == .incomplete)
        parser.reset()
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        let outcome = RequestFixture.parse(bytes, ends: [bytes.count], &parser, head)
        #expect(outcome == RequestFixture.parse(bytes))
        #expect(head.count(of: .cookie) == 0)
    }

    /// A connection whose next request is not even a request line must not be answered as the last one was.
    @Test func aResetHeadHasNothingOfTheLastRequest() {
        let head = RequestHead()
        var parser = RequestParser()
        let bytes = Array("HEAD http://x/a?b HTTP/1.0\r\nCookie: c\r\n\r\n".utf8)
        _ = RequestFixture.parse(bytes, ends: [bytes.count], &parser, head)
        head.reset()
        let fresh = RequestHead()
        #expect(head.method == fresh.method)
        #expect(head.version == fresh.version)
        #expect(head.targetForm == fresh.targetForm)
        #expect(head.path == fresh.path)
        #expect(head.methodRange == fresh.methodRange)
        #expect(head.targetRange == fresh.targetRange)
        #expect(head.queryRange == fresh.queryRange)
        #expect(head.authorityRange == fresh.authorityRange)
        #expect(head.fieldCount == 0)
        for name in FieldName.allCases { #expect(head.count(of: name) == 0) }
    }

    @Test func linesOfOneNameCanBeCombined() {
        guard
            let head = RequestFixture.head(
                "GET / HTTP/1.1",
                "Host: h",
                "If-Match: \"a\"",
                "X: y",
                "if-match: \"b\""
            )
        else {
            Issue.record("refused")
            return
        }
        #expect(head.count(of: .ifMatch) == 2)
        let before = head.value(.ifMatch)?.text()
        #expect(before == "\"a\"")
        head.combineLines(of: .ifMatch)
        let after = head.value(.ifMatch)?.text()
        #expect(after == "\"a\", \"b\"")
        #expect(head.count(of: .ifMatch) == 1)
        let host = head.value(.host)?.text()
        #expect(host == "h")
    }

    @Test(
        arguments: [
            ("close", true), ("Close", true), ("keep-alive, close", true), ("keep-alive ,\tCLOSE ", true),
            (",close,", true), ("closed", false), ("clos", false), ("\"close\"", false),
            ("keep-alive", false),
            ("", false), ("close x", false),
        ]
    )
    func listsContainTokens(value: String, contains: Bool) {
        let head = RequestFixture.head("GET / HTTP/1.1", "Host: h", "Connection: \(value)")
        #expect(head?.list(.connection, contains: "close") == contains)
    }
}
