import TestSupport
import Testing

/// Events and session bundles at the root, of viewers of whom nothing is known.
@Suite struct OwnerSearchTests {
    private static let event = "{\"type\":\"selection\",\"viewerId\":\"v1\",\"cells\":[1]}"
    private static let taken = "{\"status\":\"ok\",\"delivered\":true}"
    private static let denied = "{\"status\":\"not_found\",\"delivered\":false}"

    private static func answer(_ json: String) -> ScriptedUpstream.Step {
        .send(
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)"
        )
    }

    private static func rule(_ json: String, after milliseconds: Int = 0) -> ScriptedUpstream.Rule {
        .init("/_cellucid/events", [.receiveBody, .pause(milliseconds: milliseconds), answer(json)])
    }

    @Test("Events that come while the owner is being looked for wait, and reach it in their order")
    func burst() throws {
        let others = try (0..<3).map { try ScriptedUpstream(.first, [Self.rule(Self.denied)], id: "o\($0)") }
        let owner = try ScriptedUpstream(.first, [Self.rule(Self.taken, after: 200)], id: "z")
        let fixture = try ProxyFixture([
            "a": others[0].url, "b": others[1].url, "c": others[2].url, "z": owner.url,
        ])
        for upstream in others + [owner] { try fixture.waitUntilKnown(upstream) }
        let connections = try (0..<8).map { _ in try fixture.connect() }
        for (number, connection) in connections.enumerated() {
            let event = "{\"type\":\"console\",\"viewerId\":\"v1\",\"number\":\(number)}"
            try connection.send("POST", "/_cellucid/events", ["Content-Length: \(event.utf8.count)"])
            try connection.send(event)
            // The next one is not to come before this one has.
            if number == 0 { _ = owner.waitForRequest("/_cellucid/events") }
        }
        for connection in connections { #expect(try connection.readResponse(to: "POST").text == Self.taken) }
        #expect(owner.requests("/_cellucid/events").count == 8)
        for other in others { #expect(other.requests("/_cellucid/events").count == 1) }
    }

    @Test("A server that never answers keeps no event from another's viewer once that is known")
    func silent() throws {
        let silent = try ScriptedUpstream(.first, [.init("*", [.wait])], id: "silent")
        let owner = try ScriptedUpstream(.first, [Self.rule(Self.taken)], id: "z")
        let fixture = try ProxyFixture(["a": silent.url, "z": owner.url])
        try fixture.waitUntilKnown(owner)
        #expect(try fixture.post("/_cellucid/events", Self.event).text == Self.taken)
        #expect(silent.requests("/_cellucid/events").isEmpty)
    }

    @Test("A viewer of the ninth server and later ones is found at once")
    func many() throws {
        let others = try (0..<9).map { try ScriptedUpstream(.first, [Self.rule(Self.denied)], id: "o\($0)") }
        let owner = try ScriptedUpstream(.first, [Self.rule(Self.taken)], id: "z")
        let fixture = try ProxyFixture([
            "a": others[0].url, "b": others[1].url, "c": others[2].url, "d": others[3].url,
            "e": others[4].url, "f": others[5].url, "g": others[6].url, "h": others[7].url,
            "i": others[8].url, "z": owner.url,
        ])
        for upstream in others + [owner] { try fixture.waitUntilKnown(upstream) }
        #expect(try fixture.post("/_cellucid/events", Self.event).text == Self.taken)
    }

    @Test("A session bundle finds the new owner when the old one has died")
    func movedBundle() throws {
        let old = try ScriptedUpstream(.first, [Self.rule(Self.taken)], id: "old")
        let bundle = ScriptedUpstream.Rule(
            "/_cellucid/session_bundle*",
            [.receiveBody, Self.answer("{\"status\":\"ok\"}")]
        )
        let new = try ScriptedUpstream(.first, [Self.rule(Self.taken), bundle], id: "new")
        let fixture = try ProxyFixture(["old": old.url, "new": new.url])
        for upstream in [old, new] { try fixture.waitUntilKnown(upstream) }
        #expect(try fixture.post("/_cellucid/events", Self.event).text == Self.taken)
        try #require(old.requests("/_cellucid/events").count == 1)
        old.stop()
        let isTaken = try Deadline(seconds: 60).wait {
            let target = "/_cellucid/session_bundle?viewerId=v1&requestId=r1"
            return try fixture.post(target, "CELLUCID_SESSION\nx").text == "{\"status\":\"ok\"}"
        }
        #expect(isTaken)
    }
}
