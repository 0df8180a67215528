import Testing

@testable import HTTP

@Suite struct RequestTargetTests {
    private func parse(_ method: String, _ target: String) -> ParseOutcome {
        RequestFixture.parse("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
    }

    @Test(
        arguments: [
            ("/", "/", nil), ("/a/b", "/a/b", nil), ("/a/", "/a/", nil), ("//a//b", "//a//b", nil),
            ("/%41", "/A", nil), ("/a%2Fb", "/a/b", nil), ("/a%252e%252e", "/a%2e%2e", nil),
            ("/a?b?c", "/a", "b?c"),
            ("/?", "/", ""), ("/a%3Fb", "/a?b", nil), ("/a%23b", "/a#b", nil), ("/...", "/...", nil),
            ("/.a", "/.a", nil), ("/..a/b..", "/..a/b..", nil), ("/a.", "/a.", nil), ("/+", "/+", nil),
            ("/%0d%0a", "/\r\n", nil), ("/a?%zz", "/a", "%zz"), ("/a?../..", "/a", "../.."),
        ] as [(String, String, String?)]
    )
    func paths(target: String, path: String, query: String?) {
        guard case .parsed(let parsed) = parse("GET", target) else {
            Issue.record("refused: \(parse("GET", target))")
            return
        }
        #expect(parsed.form == .origin)
        #expect(parsed.path == path)
        #expect(parsed.query == query)
        #expect(parsed.target == target)
    }

    /// What could mean another file to another program; the head was read, so the connection may go on.
    @Test(
        arguments: [
            "/.", "/..", "/./a", "/../a", "/a/.", "/a/..", "/a/./b", "/a/../b", "/%2e", "/%2E%2e", "/.%2e/a",
            "/a%2f..%2fb",
            "/a/%2e%2e?x", "/%00", "/a%00b", "/%", "/%2", "/%zz", "/a%2", "http://x/../a", "//..",
        ]
    )
    func refusedPaths(target: String) {
        guard case .refused(let error) = parse("GET", target) else {
            Issue.record("taken: \(parse("GET", target))")
            return
        }
        #expect(error.status == .badRequest)
        #expect(!error.breaksFraming)
    }

    @Test(
        arguments: [
            ("GET", "*"), ("POST", "*"), ("OPTIONS", "**"), ("GET", "a"), ("GET", "a/b"), ("GET", "?a"),
            ("GET", "#"),
            ("GET", "/a#b"), ("GET", "/a?b#c"), ("GET", "http://"), ("GET", "http:///a"),
            ("GET", "http://?a"),
            ("GET", "ftp://x/a"), ("GET", "http:/x"), ("GET", "https://"), ("GET", "http://u@x/a"),
            ("GET", "http://x:1:2/a"), ("GET", "http://x:port/"), ("GET", "http://x y/"), ("CONNECT", "/"),
            ("CONNECT", "/a:1"), ("CONNECT", "u@x:1"), ("CONNECT", "x:123456"), ("GET", "x:443"),
            ("GET", "\\a"),
            ("GET", "http://x\\y/"), ("GET", "http://[::1/"), ("GET", "http://[g]/"),
        ]
    )
    func refusedTargets(method: String, target: String) {
        guard case .refused(let error) = parse(method, target) else {
            Issue.record("taken: \(parse(method, target))")
            return
        }
        #expect(error.status == .badRequest)
        #expect(error.breaksFraming)
    }

    @Test(
        arguments: [
            ("GET", "http://x", RequestHead.TargetForm.absolute, "/", "x"),
            ("GET", "HTTP://X/a", .absolute, "/a", "X"),
            ("GET", "https://x:8443/a/b", .absolute, "/a/b", "x:8443"),
            ("GET", "http://[::1]:80/a", .absolute, "/a", "[::1]:80"),
            ("OPTIONS", "http://x?y", .absolute, "/", "x"),
            ("CONNECT", "x:443", .authority, "", "x:443"),
            ("CONNECT", "[::1]:443", .authority, "", "[::1]:443"),
            ("OPTIONS", "*", .asterisk, "", "h"), ("OPTIONS", "/a", .origin, "/a", "h"),
        ]
    )
    func forms(method: String, target: String, form: RequestHead.TargetForm, path: String, authority: String)
    {
        guard case .parsed(let parsed) = parse(method, target) else {
            Issue.record("refused: \(parse(method, target))")
            return
        }
        #expect(parsed.form == form)
        #expect(parsed.path == path)
        #expect(parsed.authority == authority)
    }

    @Test func theTargetWithoutItsQuery() {
        for (target, expected) in [
            ("/a?b", "/a"), ("/a", "/a"), ("/a?", "/a"), ("http://x/%41?q", "http://x/%41"),
        ] {
            let head = RequestFixture.head("GET \(target) HTTP/1.1", "Host: h")
            #expect(head?.targetWithoutQuery.text() == expected)
        }
    }
}
