import Testing

@testable import Upstream

@Suite struct OriginTests {
    @Test(
        arguments: [
            ("https://www.example.com", "https://www.example.com", "www.example.com:443"),
            ("HTTPS://WWW.Example.COM/", "https://www.example.com", "www.example.com:443"),
            ("http://host:80", "http://host", "host:80"), ("http://host:443", "http://host:443", "host:443"),
            ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("https://host:", "https://host", "host:443"), ("http://a_b", "http://a_b", "a_b:80"),
            ("https://example.com.", "https://example.com.", "example.com.:443"),
        ]
    )
    func origins(text: String, description: String, hostAndPort: String) throws {
        let origin = try Origin(text)
        #expect(origin.description == description)
        #expect(origin.hostAndPort == hostAndPort)
    }

    @Test(
        arguments: [
            ("", "it does not begin with http:// or https://"),
            ("www.example.com", "it does not begin with http:// or https://"),
            ("ftp://host", "it does not begin with http:// or https://"),
            ("https:/host", "it does not begin with http:// or https://"),
            ("https://", "it has no valid host name and port"),
            ("https://:443", "it has no valid host name and port"),
            ("https://host:0", "it has no valid host name and port"),
            ("https://host:65536", "it has no valid host name and port"),
            ("https://host:+1", "it has no valid host name and port"),
            ("https://a..b", "it has no valid host name and port"),
            ("https://[::1", "it has no valid host name and port"),
            ("https://[1.2.3.4]", "it has no valid host name and port"),
            ("https://[::1]x", "it has no valid host name and port"),
            ("https://h%61st", "it has no valid host name and port"),
            ("https://host/path", "an origin has no path or query"),
            ("https://host?q", "an origin has no path or query"),
            ("https://ho st", "it contains a space or control character"),
            ("https://host\n", "it contains a space or control character"),
            ("https://user:secret@ho st", "it contains a space or control character"),
            ("https://user:secret@host", "it contains a user name or password"),
        ]
    )
    func refused(text: String, reason: String) {
        let error = #expect(throws: UpstreamError.self) { try Origin(text) }
        #expect(error?.cause == .invalidURL(reason))
        #expect(error?.description.contains("secret") == false)
    }

    /// RFC 3986 section 5.4, as far as it is about http.
    @Test(
        arguments: [
            ("g", "/b/c/g"), ("./g", "/b/c/g"), ("g/", "/b/c/g/"), ("/g", "/g"), ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"), ("#s", "/b/c/d;p?q"), ("g#s", "/b/c/g"), (";x", "/b/c/;x"),
            ("", "/b/c/d;p?q"),
            (".", "/b/c/"), ("./", "/b/c/"), ("..", "/b/"), ("../", "/b/"), ("../g", "/b/g"), ("../..", "/"),
            ("../../g", "/g"), ("../../../g", "/g"), ("/./g", "/g"), ("/../g", "/g"), ("g.", "/b/c/g."),
            ("..g", "/b/c/..g"), ("./../g", "/b/g"), ("./g/.", "/b/c/g/"), ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"), ("g?y/./x", "/b/c/g?y/./x"), ("http://a/x", "/x"), ("//a/y", "/y"),
        ]
    )
    func references(reference: String, target: String) throws {
        let base = try URLText("http://a/b/c/d;p?q")
        let resolved = try base.resolving(reference)
        #expect(resolved.description == "http://a" + target)
    }

    @Test(arguments: ["mailto:x@y", "javascript:alert(1)", "ftp://a/"])
    func otherSchemes(reference: String) throws {
        let base = try URLText("http://a/b")
        #expect(throws: UpstreamError.self) { try base.resolving(reference) }
    }

    @Test(arguments: ["", "a", "/a b", "/a#b", "/a\r\nHost: x", "/\u{e9}"])
    func badTargets(target: String) throws {
        let origin = try Origin("http://a")
        #expect(throws: UpstreamError.self) { try URLText(origin, target: target) }
    }
}
