import TestSupport
import Testing

/// Registering, renewing, listing and closing viewers that have no Python behind them.
@Suite struct SubscriberRegistrationTests {
    @Test("A viewer is registered once; whoever has its secret renews it")
    func registration() throws {
        let served = try ServedExport()
        let connection = try served.connect()
        let first = try connection.exchange("PUT", "/_gateway/viewers/v1")
        #expect(first.status == 201)
        #expect(first["content-type"] == "application/json")
        #expect(first["cache-control"] == "no-store")
        let document = try JSON(first.body)
        #expect(document.keys == ["events", "expiresIn", "secret", "viewerId"])
        #expect(document["viewerId"] == .string("v1"))
        #expect(document["events"] == .string("/_gateway/viewers/v1/events"))
        #expect(document["expiresIn"] == .number(86_400))
        let secret = try #require(document["secret"]?.text)
        #expect(secret.count == 64)

        #expect(try connection.exchange("PUT", "/_gateway/viewers/v1").status == 409)
        let wrong = "Authorization: Bearer \(String(secret.reversed()))"
        #expect(try connection.exchange("PUT", "/_gateway/viewers/v1", [wrong]).status == 409)
        let right = "authorization: bearer \(secret)"
        let again = try connection.exchange("PUT", "/_gateway/viewers/v1", [right])
        #expect(again.status == 200)
        #expect(try JSON(again.body).keys == ["events", "expiresIn", "viewerId"])

        let other = try connection.exchange("PUT", "/_gateway/viewers/v2")
        #expect(try JSON(other.body)["secret"]?.text != secret)
    }

    @Test(
        "Identifiers are taken as they are",
        arguments: [
            "a", "0f3c-11", "a%22b%5C", "%E2%82%AC%F0%9F%A7%AC", "a+b&c=d",
            String(repeating: "v", count: 128),
        ]
    )
    func identifiers(encoded: String) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer(encoded, at: served.gateway.port)
        let list = try JSON(try served.connect().exchange("GET", "/_gateway/viewers").body)
        let shown = try #require(list["viewers"]?.elements.first?["viewerId"]?.text)
        let event = "{\"type\":\"x\",\"viewerId\":\(quoted(shown))}"
        let answer = try served.connect().post("/_cellucid/events", event)
        #expect(answer.text == "{\"status\":\"ok\",\"delivered\":true}")
        let kept = try viewer.poll("wait=0")["events"]?.elements.first?["event"]?["viewerId"]
        #expect(kept == .string(shown))
        // The URL that the gateway gives leads to the viewer.
        let renewed = try JSON(try viewer.ask("PUT", "").body)
        let url = try #require(renewed["events"]?.text) + "?wait=0"
        #expect(try served.connect().exchange("GET", url, [viewer.authorization]).status == 200)
        #expect(try viewer.ask("DELETE", "").status == 204)
    }

    @Test(
        "What is no identifier is no viewer",
        arguments: [
            "", "a/b", "a%2Fb", "a%20b", "a%0Ab", "%C2%85", "%FF", String(repeating: "v", count: 129),
        ]
    )
    func noIdentifiers(encoded: String) throws {
        let served = try ServedExport()
        #expect(try served.connect().exchange("PUT", "/_gateway/viewers/\(encoded)").status == 404)
        let list = try JSON(try served.connect().exchange("GET", "/_gateway/viewers").body)
        #expect(list == .object(["viewers": .array([])]))
    }

    @Test("The secret is needed for everything else")
    func secrets() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let other = try SubscribedViewer("v2", at: served.gateway.port)
        let requests = [("GET", "/events"), ("POST", "/session-requests"), ("GET", "/sessions/r1")]
        for (method, rest) in requests {
            let connection = try served.connect()
            for fields in [[], [other.authorization], ["Authorization: Basic \(viewer.secret)"]] {
                let answer = try connection.exchange(method, viewer.path(rest), fields)
                #expect(answer.status == 401, "\(method) \(rest) \(fields)")
                #expect(answer["www-authenticate"] == "Bearer")
            }
            let two = [viewer.authorization, viewer.authorization]
            #expect(try connection.exchange(method, viewer.path(rest), two).status == 401)
            let unknown = try connection.exchange(
                method,
                "/_gateway/viewers/v3\(rest)",
                [viewer.authorization]
            )
            #expect(unknown.status == 404)
        }
    }

    @Test("Other methods and pages")
    func methods() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        for (method, rest, allowed) in [
            ("GET", "", "PUT, DELETE, OPTIONS"), ("POST", "/events", "GET, HEAD, OPTIONS"),
            ("GET", "/session-requests", "POST, OPTIONS"), ("PUT", "/sessions/x", "GET, HEAD, OPTIONS"),
        ] {
            let answer = try viewer.ask(method, rest, method == "GET" ? [] : ["Content-Length: 0"])
            #expect(answer.status == 405, "\(method) \(rest)")
            #expect(answer["allow"] == allowed, "\(method) \(rest)")
        }
        for rest in [
            "/", "/other", "/events/", "/sessions", "/sessions/", "/sessions/a/b", "/sessions/a/b/c",
        ] {
            #expect(try viewer.ask("GET", rest).status == 404, "\(rest)")
        }
        #expect(try served.connect().exchange("POST", "/_gateway/viewers").status == 405)
        #expect(try served.connect().exchange("GET", "/_gateway/viewersx").status == 404)
    }

    @Test("The list says who owns a viewer")
    func list() throws {
        let served = try ServedExport()
        _ = try SubscribedViewer("b", at: served.gateway.port)
        _ = try SubscribedViewer("a", at: served.gateway.port)
        let answer = try served.connect().exchange("GET", "/_gateway/viewers")
        #expect(answer["content-type"] == "application/json")
        let viewers = try #require(try JSON(answer.body)["viewers"]).elements
        #expect(Set(viewers.map { $0["viewerId"]?.text }) == ["a", "b"])
        for viewer in viewers {
            #expect(viewer.keys == ["evidence", "idle", "mount", "owner", "viewerId"])
            #expect(viewer["owner"] == .string("subscriber"))
            #expect(viewer["evidence"] == .string("registered"))
            #expect(viewer["mount"] == .null)
        }
    }

    @Test("Closing a viewer ends its streams and forgets its events", arguments: [true, false])
    func closing(withSecret: Bool) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...3)
        let streams = try (0..<3).map { _ in try viewer.follow() }
        for stream in streams { #expect(try stream.events(3).map(\.cell) == [1, 2, 3]) }
        let polling = try served.connect()
        try polling.send("GET", viewer.path("/events?wait=60&cursor=3"), [viewer.authorization])

        let fields = withSecret ? [viewer.authorization] : []
        #expect(try served.connect().exchange("DELETE", viewer.path(), fields).status == 204)
        for stream in streams { #expect(try stream.ends()) }
        #expect(try polling.readResponse().status == 404)
        #expect(try viewer.ask("GET", "/events").status == 404)
        #expect(try served.connect().exchange("DELETE", viewer.path()).status == 404)
        let answer = try served.connect().post("/_cellucid/events", viewer.event(4))
        #expect(answer.text == "{\"status\":\"not_found\",\"delivered\":false}")

        let again = try SubscribedViewer("v1", at: served.gateway.port)
        #expect(again.secret != viewer.secret)
        #expect(try again.poll("wait=0")["events"] == .array([]))
        #expect(try viewer.ask("GET", "/events").status == 401)
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
