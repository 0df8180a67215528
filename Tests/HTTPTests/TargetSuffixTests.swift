import Bytes
import Testing

@testable import HTTP

/// What a proxy passes on of a target: as it was sent, behind a part of the decoded path.
@Suite struct TargetSuffixTests {
    private func suffix(_ target: String, behind count: Int, _ method: String = "GET") -> String? {
        guard let head = RequestFixture.head("\(method) \(target) HTTP/1.1", "Host: h") else { return nil }
        return head.targetSuffix(behind: count).text()
    }

    @Test(
        arguments: [
            ("/", 0, "/"), ("/", 1, ""), ("/lab", 4, ""), ("/lab?q", 4, "?q"), ("/lab/", 5, ""),
            ("/lab/a/b", 5, "a/b"), ("/lab/a?b=/c?d", 5, "a?b=/c?d"), ("/lab/?", 5, "?"),
            ("/lab/?x", 5, "?x"),
            ("/lab//a", 5, "/a"),
            // Escapes stay as they were, also those of characters that need none.
            ("/lab/%61%2fb%20c", 5, "%61%2fb%20c"), ("/lab/a%2Fb?%2F", 5, "a%2Fb?%2F"),
            ("/lab/%C3%A9/%25", 5, "%C3%A9/%25"),
            // An escape counts for the one byte that it stands for.
            ("/l%61b/x%20", 5, "x%20"), ("/%6C%61%62/x", 5, "x"), ("/lab%2Fx", 5, "x"), ("/%C3%A9/x", 4, "x"),
            ("/lab/%61b", 6, "b"),
        ]
    )
    func originForm(target: String, count: Int, expected: String) {
        #expect(suffix(target, behind: count) == expected)
    }

    @Test(
        arguments: [
            ("http://h/lab/x?y", 5, "x?y"), ("http://h:80/lab/x", 5, "x"), ("https://h/l%61b/%41", 5, "%41"),
            ("http://[::1]:1/lab/x", 5, "x"), ("http://h/", 1, ""), ("http://h/", 0, "/"),
            // A path that was left out.
            ("http://h", 1, ""), ("http://h", 0, ""), ("http://h?q=1", 1, "?q=1"),
        ]
    )
    func absoluteForm(target: String, count: Int, expected: String) {
        #expect(suffix(target, behind: count) == expected)
    }

    /// The whole decoded path leaves the query, whatever the escapes.
    @Test(arguments: ["/", "/a", "/%61%62", "/a%20/b", "/%C3%A9?x", "http://h", "http://h/%41?y", "/a%2Fb?"])
    func wholePath(target: String) throws {
        let head = try #require(RequestFixture.head("GET \(target) HTTP/1.1", "Host: h"))
        let query = target.firstIndex(of: "?").map { String(target[$0...]) } ?? ""
        let suffix = head.targetSuffix(behind: head.path.count).text()
        #expect(suffix == query)
    }

    @Test func asterisk() {
        #expect(suffix("*", behind: 0, "OPTIONS") == "*")
    }
}
