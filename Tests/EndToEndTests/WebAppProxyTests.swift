import TestSupport
import Testing

/// Origins that are reached through a proxy, as the environment says.
@Suite(.enabled(if: WebAppOrigin.isAvailable))
struct WebAppProxyTests {
    @Test(
        "The origin is reached through the proxy",
        arguments: ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        [false, true]
    )
    func proxy(variable: String, hasScheme: Bool) throws {
        let origin = try WebAppOrigin()
        let proxy = try WebAppOrigin(proxyFor: nil)
        let address = (hasScheme ? "http://" : "") + "127.0.0.1:\(proxy.port)"
        let app = try ServedWebApp(origin, environment: [variable: address])
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        let tunnels = proxy.requests
        #expect(tunnels.allSatisfy { $0.method == "CONNECT" && $0.path == "localhost:\(origin.port)" })
        #expect(tunnels.allSatisfy { $0.fields["host"] == "localhost:\(origin.port)" })
        #expect(tunnels.allSatisfy { $0.fields["proxy-authorization"] == nil })
        #expect(tunnels.count == Set(origin.requests.map(\.connection)).count)
        // What is meant for the proxy stays there.
        #expect(origin.requests.allSatisfy { $0.fields.keys.allSatisfy { !$0.hasPrefix("proxy-") } })
        // A file on demand takes the same way.
        #expect(try app.get("/@\(id)/\(WebAppFixture.onDemand[0])").status == 200)
    }

    @Test("The proxy looks the name of the origin up, and the certificate is that of the origin")
    func nameOnlyTheProxyKnows() throws {
        let origin = try WebAppOrigin(certificate: .otherName)
        let proxy = try WebAppOrigin(
            proxyFor: nil,
            map: ["viewer.example:\(origin.port)=127.0.0.1:\(origin.port)"]
        )
        let app = try ServedWebApp(
            origin,
            url: "https://viewer.example:\(origin.port)",
            environment: ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"]
        )
        let id = try app.waitForBuild()
        try app.expectFiles(of: WebAppFixture.first, at: "/@\(id)/")
        #expect(origin.requests.allSatisfy { $0.fields["host"] == "viewer.example:\(origin.port)" })
        let other = try WebAppOrigin()
        let wrong = try WebAppOrigin(proxyFor: nil, map: ["*=127.0.0.1:\(other.port)"])
        let refused = try ServedWebApp(
            origin,
            url: "https://viewer.example:\(origin.port)",
            environment: ["HTTPS_PROXY": "http://127.0.0.1:\(wrong.port)"]
        )
        #expect(try refused.waitForCheck().contains("certificate verify failed"))
        #expect(other.requests.isEmpty)
    }

    @Test(
        "Exceptions are reached directly",
        arguments: [
            ("NO_PROXY", "localhost", true), ("no_proxy", "localhost", true), ("NO_PROXY", "*", true),
            ("NO_PROXY", "viewer.example, localhost", true), ("NO_PROXY", "viewer.example", false),
            ("NO_PROXY", "localhost:1", false), ("NO_PROXY", "", false),
        ]
    )
    func exceptions(variable: String, value: String, isDirect: Bool) throws {
        let origin = try WebAppOrigin()
        let proxy = try WebAppOrigin(proxyFor: nil)
        let app = try ServedWebApp(
            origin,
            environment: ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", variable: value]
        )
        try app.waitForBuild()
        #expect(proxy.requests.isEmpty == isDirect)
    }

    @Test("A proxy for http is none for https")
    func otherScheme() throws {
        let origin = try WebAppOrigin()
        let app = try ServedWebApp(
            origin,
            environment: ["http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"]
        )
        try app.waitForBuild()
    }

    @Test("A proxy gets its name and password, and nobody else does")
    func password() throws {
        let origin = try WebAppOrigin()
        let proxy = try WebAppOrigin(proxyFor: "somebody:s3cr3t/:@")
        let address = "http://somebody:s3cr3t%2F%3A%40@127.0.0.1:\(proxy.port)"
        let app = try ServedWebApp(
            origin,
            arguments: ["--log-level", "debug"],
            environment: ["HTTPS_PROXY": address]
        )
        try app.waitForBuild()
        #expect(proxy.requests.allSatisfy { $0.status == 200 })
        #expect(!app.gateway.errorText.contains("s3cr3t"))
        #expect(origin.requests.allSatisfy { $0.fields["proxy-authorization"] == nil })
    }

    @Test("A wrong or missing password is said so, without the password", arguments: ["", "somebody:wr0ng@"])
    func wrongPassword(user: String) throws {
        let origin = try WebAppOrigin()
        let proxy = try WebAppOrigin(proxyFor: "somebody:s3cr3t")
        let app = try ServedWebApp(
            origin,
            arguments: ["--log-level", "debug"],
            environment: ["HTTPS_PROXY": "http://\(user)127.0.0.1:\(proxy.port)"]
        )
        let error = try app.waitForCheck()
        #expect(error.contains("407") && error.contains("proxy"))
        for text in [error, try app.get("/").text, app.gateway.errorText, try app.get("/_gateway/").text] {
            #expect(!text.contains("wr0ng"))
        }
        #expect(origin.requests.isEmpty)
    }

    @Test("A proxy that refuses or is not there is named")
    func failures() throws {
        let origin = try WebAppOrigin()
        let proxy = try WebAppOrigin(proxyFor: nil)
        proxy.behave(["*": #"{"status": 403}"#])
        let app = try ServedWebApp(origin, environment: ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"])
        let error = try app.waitForCheck()
        #expect(error.contains("proxy") && error.contains("403"))
        proxy.behave()
        #expect(try app.check().isEmpty)
        try app.waitForBuild()
        proxy.stop()
        origin.publish("fixture-2")
        let other = try app.failingCheck()
        #expect(other.contains("127.0.0.1:\(proxy.port)") || other.contains("ended before the answer"))
        #expect(origin.count("/index.html") > 0)
        #expect(try app.build() == WebAppFixture.first)
        // Nothing goes around the proxy.
        #expect(try app.get("/@0123456789abcdef/assets/js/app/main.js").status == 404)
    }

    @Test(
        "A proxy that cannot be used is refused at the start",
        arguments: ["ftp://127.0.0.1:3128", "http://127.0.0.1:port", "http://"]
    )
    func unusable(address: String) throws {
        let result = try GatewayProcessUnderTest.run(
            [Repository.demo, "--port", "0", "--web-app-origin", "https://localhost:1"],
            environment: ["HTTPS_PROXY": address],
            hasWebApp: true
        )
        #expect(result.ending == .exit(2))
        #expect(result.error.contains("HTTPS_PROXY"))
    }
}
