import Testing
import Transport

@testable import Upstream

/// Proxies: which one is used, and what is said to it.
@Suite struct ProxyTests {
    private func proxy(_ environment: [String: String], _ origin: String) throws -> String? {
        try ProxySettings(environment: environment).proxy(for: try Origin(origin))?.place
    }

    @Test(
        arguments: [
            ([:], "https://a.example", nil),
            (["https_proxy": "http://p:8080"], "https://a.example", "p:8080"),
            (["HTTPS_PROXY": "p:8080"], "https://a.example", "p:8080"),
            (["https_proxy": "one:1", "HTTPS_PROXY": "two:2"], "https://a.example", "one:1"),
            (["https_proxy": "p:1"], "http://a.example", nil),
            (["http_proxy": "p:1"], "http://a.example", "p:1"),
            (["HTTP_PROXY": "p:1"], "http://a.example", nil),
            (["all_proxy": "p"], "http://a.example", "p:1080"),
            (["ALL_PROXY": "http://u:p@[::1]:3128/"], "https://a.example", "[::1]:3128"),
            (["https_proxy": ""], "https://a.example", nil),
        ] as [([String: String], String, String?)]
    )
    func choice(environment: [String: String], origin: String, expected: String?) throws {
        #expect(try proxy(environment, origin) == expected)
    }

    @Test(
        arguments: [
            ("*", "https://a.example", true), ("a.example", "https://a.example", true),
            (".example", "https://a.example", true), ("example", "https://a.example", true),
            ("A.Example.", "https://a.example", true), ("x, a.example ,y", "https://a.example", true),
            ("b.example a.example", "https://a.example", true), ("ample", "https://a.example", false),
            ("b.a.example", "https://a.example", false), ("a.example:443", "https://a.example", true),
            ("a.example:8443", "https://a.example", false), ("a.example", "https://a.example:8443", true),
            ("10.0.0.0/8", "https://10.1.2.3", true), ("10.0.0.0/8", "https://11.1.2.3", false),
            ("127.0.0.1", "https://127.0.0.1:9", true), ("127.0.0.1:9", "https://127.0.0.1:9", true),
            ("127.0.0.1:8", "https://127.0.0.1:9", false), ("::1", "https://[::1]:9", true),
            ("[::1]", "https://[::1]", true), ("fd00::/8", "https://[fd12::1]", true),
            ("0.0.1", "https://127.0.0.1", false), ("", "https://a.example", false),
            (" , ,", "https://a.example", false), ("10.0.0.0/8", "https://a.example", false),
        ]
    )
    func exceptions(list: String, origin: String, isDirect: Bool) throws {
        let found = try proxy(["https_proxy": "p:1", "no_proxy": list], origin)
        #expect(found == (isDirect ? nil : "p:1"))
    }

    @Test(
        arguments: [
            ("https://p:1", "https:// proxies are not supported, only http://"),
            ("socks5://p:1", "socks5:// proxies are not supported, only http://"),
            ("http://u:secret@", "the value is not like http://host:port"),
            ("http://p:0", "the value is not like http://host:port"),
            ("http://u%zz:secret@p:1", "user name or password is not percent-encoded properly"),
        ]
    )
    func unusable(value: String, reason: String) {
        let error = #expect(throws: UpstreamError.self) {
            try ProxySettings(environment: ["HTTPS_PROXY": value])
        }
        #expect(error?.description == "HTTPS_PROXY: proxy: \(reason)")
    }

    @Test(
        arguments: [
            ("p:1", nil), ("u:p@p:1", "Basic dTpw"), ("u@p:1", "Basic dTo="),
            ("u%40x:a%3Ab@p:1", "Basic dUB4OmE6Yg=="),
        ] as [(String, String?)]
    )
    func authorization(value: String, expected: String?) throws {
        #expect(try Proxy(value, from: "proxy").authorization == expected)
    }

    // MARK: Through a proxy

    private func options(_ proxy: ScriptedOrigin, trust: TLSClientContext.Trust? = nil) throws
        -> UpstreamHarness.Options
    {
        let address = "http://u:p@127.0.0.1:\(proxy.port)"
        let settings = try ProxySettings(environment: ["https_proxy": address, "http_proxy": address])
        return .with {
            $0.proxies = settings
            $0.trust = trust
        }
    }

    @Test func plainOrigin() async throws {
        let proxy = try ScriptedOrigin([
            [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
        ])
        let response = try await UpstreamHarness().get("http://a.example", "/b?c", options(proxy))
        #expect(response.text == "hi")
        #expect(
            proxy.requests == [
                "GET http://a.example/b?c HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test/1\r\nAccept: */*\r\n"
                    + "Proxy-Authorization: Basic dTpw"
            ]
        )
    }

    @Test(.enabled(if: UpstreamCertificates.isAvailable))
    func tunnel() async throws {
        let origin = try ScriptedOrigin(
            [[.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]],
            tls: UpstreamCertificates.server(UpstreamCertificates.good)
        )
        let proxy = try ScriptedOrigin([
            [
                .request, .send("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n"),
                .tunnel(port: origin.port),
            ]
        ])
        let options = try options(proxy, trust: .only(path: UpstreamCertificates.authority))
        let response = try await UpstreamHarness().get("https://localhost", "/", options)
        #expect(response.text == "hi")
        #expect(
            proxy.requests == [
                "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic dTpw"
            ]
        )
        #expect(origin.requests.first?.contains("Proxy-Authorization") == false)
    }

    @Test(
        arguments: [
            (
                [.request, .send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")],
                "does not connect to the server: status 407 (user name and password of the proxy)"
            ),
            (
                [.request, .send("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")],
                "does not connect to the server: status 502"
            ),
            (
                [.request, .send("HTTP/1.1 200 OK\r\n\r\nearly")],
                "does not connect to the server: status 200"
            ),
            ([.request, .close], ": the connection ended before the answer began"),
            ([.request, .send("nonsense\r\n")], ": malformed answer: the answer does not begin with HTTP/"),
        ] as [([ScriptedOrigin.Action], String)]
    )
    func refusal(script: [ScriptedOrigin.Action], reason: String) async throws {
        let proxy = try ScriptedOrigin([script])
        let error = try await UpstreamHarness().failure("https://a.example", "/", options(proxy))
        let separator = reason.hasPrefix(":") ? "" : " "
        #expect(error?.cause == .proxy("127.0.0.1:\(proxy.port)\(separator)\(reason)"))
        #expect(error?.description.contains("u:p") == false)
    }

    @Test func proxyThatNeverAnswers() async throws {
        let proxy = try ScriptedOrigin([[.request, .waitForEnd]])
        var options = try options(proxy)
        options.timeouts.connectMilliseconds = 300
        let error = try await UpstreamHarness().failure("https://a.example", "/", options)
        #expect(error?.cause == .timedOut(.connect))
    }
}
