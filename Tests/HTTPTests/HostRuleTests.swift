import Testing

@testable import HTTP

@Suite struct HostRuleTests {
    private func isTaken(_ lines: String) -> Bool {
        switch RequestFixture.parse(lines + "\r\n") {
        case .parsed: true
        case .refused(let error): error.status == .badRequest && error.breaksFraming ? false : true
        case .incomplete: true
        }
    }

    @Test(
        arguments: [
            "localhost", "localhost:8765", "a.b-c.example", "a_b", "127.0.0.1:80", "[::1]", "[::1]:8765",
            "[fe80::1]",
            "[::ffff:127.0.0.1]:80", "", "x:", "X.EXAMPLE", "example.com.", "x:65535", "1",
        ]
    )
    func hosts(value: String) {
        #expect(isTaken("GET / HTTP/1.1\r\nHost: \(value)\r\n"))
        #expect(isTaken("GET / HTTP/1.0\r\nHost: \(value)\r\n"))
    }

    @Test(
        arguments: [
            "a b", "a/b", "http://a", "u@a", "u:p@a", "a:b", "a:80:80", ":80", "a:123456", "a:-1", "a:+1",
            "[::1", "::1",
            "[::1]x", "[::1]:x", "[]", "[]:80", "[zz]", "[::1%25eth0]", "a,b", "a?b", "a#b", "a\\b", "\u{fc}",
            "a%20b", "*", "a;b", "a'b",
            "\"a\"", "<a>",
        ]
    )
    func notHosts(value: String) {
        #expect(!isTaken("GET / HTTP/1.1\r\nHost: \(value)\r\n"))
        #expect(!isTaken("GET / HTTP/1.0\r\nHost: \(value)\r\n"))
    }

    @Test func theirNumber() {
        #expect(!isTaken("GET / HTTP/1.1\r\n"))
        #expect(!isTaken("GET http://x/ HTTP/1.1\r\n"))
        #expect(isTaken("GET / HTTP/1.0\r\n"))
        #expect(!isTaken("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n"))
        #expect(!isTaken("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n"))
        #expect(!isTaken("GET / HTTP/1.0\r\nHost: a\r\nX: y\r\nHost:\r\n"))
        #expect(!isTaken("GET http://x/ HTTP/1.1\r\nHost: a b\r\n"))
    }
}
