import Glibc
import TestSupport
import Testing

/// Who may register, list and close viewers.
@Suite struct SubscriberAdminTests {
    private static let token = "a-token-of-many-characters+/="
    private let folder = TemporaryDirectory()

    private func serve(_ arguments: [String] = [], token: Bool = true) throws -> ServedExport {
        folder.write("token", "\(Self.token)\nwhat follows does not count\n")
        return try ServedExport(
            arguments: arguments + (token ? ["--admin-token-file", folder("token")] : [])
        )
    }

    private func status(_ served: ServedExport, _ fields: [String]) throws -> Int {
        try served.connect().exchange("GET", "/_gateway/viewers", fields).status
    }

    private static let bearer = "Authorization: Bearer \(token)"

    @Test("From this machine no token is needed; a wrong one does no harm")
    func loopback() throws {
        let served = try serve()
        #expect(try status(served, []) == 200)
        #expect(try status(served, ["Authorization: Bearer wrong"]) == 200)
        #expect(try status(served, [Self.bearer]) == 200)
    }

    @Test(
        "What a proxy has passed on needs the token",
        arguments: [
            "X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1",
            "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy", "X-Forwarded-For:", "x-forwarded-for: 127.0.0.1",
            "Origin: http://localhost:8888",
        ]
    )
    func forwarded(field: String) throws {
        let served = try serve()
        for fields in [
            [field], [field, "Authorization: Bearer wrong"], [field, "Authorization: \(Self.token)"],
        ] {
            let answer = try served.connect().exchange("GET", "/_gateway/viewers", fields)
            #expect(answer.status == 401)
            #expect(answer["www-authenticate"] == "Bearer")
            #expect(try served.connect().exchange("PUT", "/_gateway/viewers/v1", fields).status == 401)
            #expect(try served.connect().exchange("DELETE", "/_gateway/viewers/v1", fields).status == 401)
        }
        #expect(try status(served, [field, Self.bearer]) == 200)
        let created = try served.connect().exchange("PUT", "/_gateway/viewers/v1", [field, Self.bearer])
        #expect(created.status == 201)
        // Without a token nobody from elsewhere may do anything.
        let without = try serve(token: false)
        #expect(try status(without, [field]) == 403)
        #expect(try status(without, [field, Self.bearer]) == 403)
    }

    @Test(
        "A trusted proxy says where a request comes from",
        arguments: [
            ("127.0.0.1", 200), ("::1", 200), ("203.0.113.5", 401), ("127.0.0.1, 203.0.113.5", 401),
            ("203.0.113.5, 127.0.0.1", 401), ("127.0.0.1, 127.0.0.1", 200), ("unknown", 401), ("", 401),
            ("127.0.0.1, unknown", 401), ("127.0.0.1,", 401),
        ]
    )
    func trustedProxy(list: String, status: Int) throws {
        let served = try serve(["--trusted-proxy", "127.0.0.1"])
        #expect(try self.status(served, ["X-Forwarded-For: \(list)", "Via: 1.1 proxy"]) == status)
        // Two lines are one list.
        if list == "127.0.0.1" {
            let lines = ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.5"]
            #expect(try self.status(served, lines) == 401)
        }
    }

    @Test("The token can be asked for from this machine too")
    func noLoopbackAdmin() throws {
        let served = try serve(["--no-loopback-admin"])
        #expect(try status(served, []) == 401)
        #expect(try status(served, [Self.bearer]) == 200)
        #expect(try status(serve(["--no-loopback-admin"], token: false), []) == 403)
        // Whoever has a viewer's secret needs no token for it.
        let answer = try served.connect().exchange("PUT", "/_gateway/viewers/v1", [Self.bearer])
        let secret = "Authorization: Bearer \(try #require(try JSON(answer.body)["secret"]?.text))"
        #expect(try served.connect().exchange("PUT", "/_gateway/viewers/v1", [secret]).status == 200)
        #expect(try served.connect().exchange("DELETE", "/_gateway/viewers/v1", [secret]).status == 204)
    }

    @Test("Over HTTP/2 the same", .enabled(if: CurlClient.isAvailable))
    func http2() throws {
        let served = try serve(["--h2c"])
        let client = CurlClient(
            origin: "http://127.0.0.1:\(served.gateway.port)",
            version: .http2PriorKnowledge
        )
        #expect(try client.ask("/_gateway/viewers").status == 200)
        #expect(try client.ask("/_gateway/viewers", ["-H", "X-Forwarded-For: 127.0.0.1"]).status == 401)
        let fields = ["-H", "X-Forwarded-For: 127.0.0.1", "-H", Self.bearer]
        #expect(try client.ask("/_gateway/viewers", fields).status == 200)
    }

    @Test("Pages of other sites may not even with a token")
    func otherSites() throws {
        let served = try serve()
        let fields = ["Origin: https://elsewhere.example", Self.bearer]
        #expect(try served.connect().exchange("PUT", "/_gateway/viewers/v1", fields).status == 403)
    }

    @Test(
        "A token that cannot be used is told at the start",
        arguments: [
            ("short\n", "its first line has fewer than 16 characters"),
            ("\nthe second line counts not\n", "its first line has fewer than 16 characters"),
            (
                "two words are no token\n",
                "its first line has other characters than those of ASCII, or spaces"
            ),
        ]
    )
    func badToken(text: String, reason: String) throws {
        folder.write("bad", text)
        ExportFixture().write("cells", in: folder)
        let path = folder("bad")
        let result = try GatewayProcessUnderTest.run([folder.path, "--admin-token-file", path])
        #expect(result.ending == .exit(1))
        #expect(result.error.contains("the token file \(path) cannot be used: \(reason)"))
    }

    @Test("A token file that is not there")
    func noToken() throws {
        ExportFixture().write("cells", in: folder)
        let result = try GatewayProcessUnderTest.run([folder.path, "--admin-token-file", folder("none")])
        #expect(result.ending == .exit(1))
        #expect(result.error.contains("it cannot be read"))
    }
}
