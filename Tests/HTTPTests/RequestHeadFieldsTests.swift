import Bytes
import Testing

@testable import HTTP

/// Heads whose fields come one by one, as those of HTTP/2 do.
@Suite struct RequestHeadFieldsTests {
    private func add(_ fields: [(String, String)], to head: RequestHead) {
        for (name, value) in fields { head.add(name: Array(name.utf8).span, value: Array(value.utf8).span) }
    }

    private func finish(_ fields: [(String, String)], _ head: RequestHead = RequestHead()) -> ParseOutcome {
        add(fields, to: head)
        do throws(HTTPError) {
            try head.finishHTTP2()
            return .parsed(ParsedRequest(head, length: 0))
        } catch {
            return .refused(error)
        }
    }

    private func request(
        _ method: String = "GET",
        _ path: String = "/",
        authority: String? = "localhost:8765",
        _ more: [(String, String)] = []
    ) -> [(String, String)] {
        let host = authority.map { [(":authority", $0)] } ?? []
        return [(":method", method), (":scheme", "https"), (":path", path)] + host + more
    }

    @Test func allPartsOfARequest() throws {
        let head = RequestHead()
        add(
            request(
                "GET",
                "/a%20b/c?d=e&f",
                [("accept", "*/*"), ("x-empty", ""), ("accept", "text/html"), ("x", "y")]
            ),
            to: head
        )
        try head.finishHTTP2()
        #expect(head.version == .http2)
        #expect(head.method == .get)
        #expect(head.methodName.text() == "GET")
        #expect(head.target.text() == "/a%20b/c?d=e&f")
        #expect(head.targetWithoutQuery.text() == "/a%20b/c")
        #expect(head.path == Array("/a b/c".utf8))
        #expect(head.query()?.text() == "d=e&f")
        #expect(head.authority()?.text() == "localhost:8765")
        #expect(head.count(of: .host) == 0)
        #expect(head.fieldTexts.map(\.name) == ["accept", "x-empty", "accept", "x"])
        #expect(head.fieldTexts.map(\.value) == ["*/*", "", "text/html", "y"])
    }

    @Test(
        arguments: [
            ("GET", Method.get), ("HEAD", .head), ("OPTIONS", .options), ("POST", .post), ("TRACE", .trace),
            ("BREW", .other), ("get", .other), ("", .other),
        ]
    )
    func methods(text: String, method: Method) throws {
        let head = RequestHead()
        add(request(text), to: head)
        try head.finishHTTP2()
        #expect(head.method == method)
        #expect(head.methodName.text() == text)
    }

    /// Paths with the form and the decoded path.
    @Test(
        arguments: [
            ("GET", "/", RequestHead.TargetForm.origin, "/"), ("GET", "//a", .origin, "//a"),
            ("GET", "/%41", .origin, "/A"), ("OPTIONS", "*", .asterisk, ""), ("OPTIONS", "/", .origin, "/"),
            ("GET", "/?", .origin, "/"), ("GET", "/a?/../b", .origin, "/a"),
        ]
    )
    func paths(method: String, path: String, form: RequestHead.TargetForm, decoded: String) throws {
        let head = RequestHead()
        add(request(method, path), to: head)
        try head.finishHTTP2()
        #expect(head.targetForm == form)
        #expect(String(decoding: head.path, as: UTF8.self) == decoded)
        #expect(head.authority()?.text() == "localhost:8765")
    }

    @Test func connectIsAboutItsAuthority() throws {
        let head = RequestHead()
        add([(":method", "CONNECT"), (":authority", "example.com:443")], to: head)
        try head.finishHTTP2()
        #expect(head.targetForm == .authority)
        #expect(head.target.text() == "example.com:443")
        #expect(head.authority()?.text() == "example.com:443")
        #expect(head.path.isEmpty)
    }

    @Test(
        arguments: [
            [(":method", "GET"), (":scheme", "https"), (":authority", "a")],
            [(":method", "CONNECT"), (":path", "/")],
            [(":method", "GET"), (":path", "/"), (":scheme", "https")], [],
        ]
    )
    func partsThatAreMissing(fields: [(String, String)]) {
        guard case .refused(let error) = finish(fields) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.status == .badRequest)
    }

    @Test(
        arguments: [
            ("GET", ""), ("GET", "a"), ("GET", "*"), ("GET", "http://localhost:8765/"), ("OPTIONS", "*x"),
            ("GET", "?a"),
            ("GET", "/.."), ("GET", "/a/./b"), ("GET", "/%2e%2e/"), ("GET", "/%"), ("GET", "/%0"),
            ("GET", "/%zz"),
            ("GET", "/%00"), ("GET", "/a#b"), ("POST", "*"), ("get", "*"),
        ]
    )
    func targetsThatAreRefused(method: String, path: String) {
        guard case .refused(let error) = finish(request(method, path)) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.status == .badRequest)
    }

    // MARK: Hosts

    @Test(
        arguments: [
            ("localhost", nil), ("localhost:1", "localhost:1"), (nil, "localhost"), ("[::1]:80", nil),
            ("a_b.example", nil),
            (nil, "X.EXAMPLE"),
        ] as [(String?, String?)]
    )
    func hosts(authority: String?, host: String?) throws {
        let head = RequestHead()
        add(request(authority: authority, host.map { [("host", $0)] } ?? []), to: head)
        try head.finishHTTP2()
        #expect(head.authority()?.text() == authority ?? host)
    }

    @Test(
        arguments: [
            (nil, []), ("a", ["b"]), ("a", ["a", "a"]), (nil, ["a", "a"]), ("a", [""]), ("a", ["A"]),
            ("a", ["a:443"]),
            ("u@a", []), ("a b", []), ("", []), ("a", ["a b"]), (nil, ["u@a"]), ("a:123456", []), ("::1", []),
            ("https://a", []), ("a/b", []),
        ] as [(String?, [String])]
    )
    func hostsThatAreRefused(authority: String?, hosts: [String]) {
        guard case .refused(let error) = finish(request(authority: authority, hosts.map { ("host", $0) }))
        else {
            Issue.record("it was taken")
            return
        }
        #expect(error.status == .badRequest)
    }

    // MARK: Reuse

    @Test func aHeadThatIsUsedAgainForgetsTheLastRequest() {
        let head = RequestHead()
        let requests = [
            request("POST", "/a?b", [("host", "localhost:8765"), ("range", "bytes=0-1"), ("x-one", "1")]),
            request(authority: nil, [("host", "other")]), request("OPTIONS", "*"),
            [(":method", "CONNECT"), (":authority", "b:1")], request("GET", "/.."), request("HEAD", "/c"),
        ]
        for fields in requests + requests.reversed() {
            head.reset()
            #expect(finish(fields, head) == finish(fields))
        }
    }

    @Test func aHeadOfAnEarlierVersionIsUsedAgain() throws {
        let head = try #require(RequestFixture.head("GET http://old/a?b HTTP/1.0", "Host: old", "X: y"))
        head.reset()
        #expect(finish(request(), head) == finish(request()))
    }

    @Test func manyFields() throws {
        let head = RequestHead()
        let many = (0..<2_000).map { ("x-\($0)", "value \($0)") }
        add(request("GET", "/", many + [("range", "bytes=1-2")]), to: head)
        try head.finishHTTP2()
        #expect(head.value(.range)?.text() == "bytes=1-2")
        #expect(head.fieldTexts.count == 2_001)
        #expect(head.fieldTexts[1_999].value == "value 1999")
    }

    // MARK: Pool

    @Test func thePoolGivesEmptyHeads() {
        let pool = RequestHeadPool()
        let head = pool.take()
        add(request("POST", "/a", [("x", "y")]), to: head)
        pool.give(head)
        let again = pool.take()
        #expect(again === head)
        #expect(again.fieldTexts.isEmpty)
        #expect(again.target.text().isEmpty)
        #expect(ParsedRequest(again, length: 0).authority == nil)
        #expect(pool.take() !== head)
    }

    @Test func thePoolKeepsNoHeadThatHasGrownLarge() {
        let pool = RequestHeadPool()
        let head = pool.take()
        add([("x", String(repeating: "a", count: 20_000))], to: head)
        pool.give(head)
        #expect(pool.take() !== head)
    }

    @Test func thePoolKeepsSoManyAndNoMore() {
        let pool = RequestHeadPool()
        let heads = (0..<300).map { _ in pool.take() }
        for head in heads { pool.give(head) }
        let known = Set(heads.map(ObjectIdentifier.init))
        #expect((0..<300).count { _ in known.contains(ObjectIdentifier(pool.take())) } >= 256)
    }
}
