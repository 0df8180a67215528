import TestSupport
import Testing

/// Events reach the callbacks of the viewers they are of, in real Cellucid servers, and the answers are theirs.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamEventTests {
    private static let posting: [CellucidServer.Version] = [.v009, .v093]

    /// Two servers that take events by POST, each with two viewers, and one that does not.
    private func threeServers(_ arguments: [String] = []) throws -> RealBackends {
        try RealBackends(
            [
                CellucidServer(.v009, viewers: ["old-1", "old-2"]), CellucidServer(.v095),
                CellucidServer(.v093, viewers: ["new-1", "new-2"]),
            ],
            arguments
        )
    }

    @Test("Every event reaches its own callback and no other", arguments: [1, 2])
    func routing(workers: Int) throws {
        let backends = try threeServers(["--workers", "\(workers)"])
        let owners = [backends.servers[0], backends.servers[2]]
        var sent: [[CellucidServer.Delivery]] = [[], []]
        for round in 0..<4 {
            for (index, owner) in owners.enumerated() {
                for viewer in index == 0 ? ["old-1", "old-2"] : ["new-1", "new-2"] {
                    let event = owner.event(
                        "selection",
                        of: viewer,
                        ["cells": .array([.number(Double(round))]), "source": .string("lasso")]
                    )
                    // First from the root, where nobody knows yet whose viewer it is.
                    let answer = try backends.post(event, at: round % 2 == 0 ? nil : owner)
                    #expect(answer.status == 200 && answer.json == .delivered, "\(answer.text)")
                    sent[index].append(owner.delivery(event))
                }
            }
        }
        for (owner, events) in zip(owners, sent) { #expect(owner.deliveries(events.count) == events) }
        #expect(backends.servers[1].deliveries.isEmpty)
    }

    @Test("The gateway tells whose viewers it knows")
    func viewers() throws {
        let backends = try threeServers()
        for (server, viewer) in [(backends.servers[0], "old-1"), (backends.servers[2], "new-2")] {
            _ = try backends.post(server.event("pong", of: viewer))
        }
        let known = try backends.ask("/_gateway/viewers").json?["viewers"]?.elements ?? []
        let owners = Dictionary(
            known.map { ($0["viewerId"]?.text ?? "", $0["owner"]?.text ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(owners == ["old-1": "upstream:cells-0.0.9", "new-2": "upstream:cells-0.9.3"])
    }

    @Test("A viewer that nobody has is told so in the words of its page", arguments: [true, false])
    func unknownViewer(isMounted: Bool) throws {
        let backends = try threeServers()
        let (old, later) = (backends.servers[0], backends.servers[2])
        let first = try backends.post(old.event("click", of: "nobody"), at: isMounted ? old : nil)
        #expect(first.status == 200 && first.json == .notFound, "\(first.text)")
        let second = try backends.post(
            later.event("click", of: "nobody", ["viewerToken": .string("00")]),
            at: isMounted ? later : nil
        )
        #expect(second.status == 404 && second.text == "Viewer is not registered", "\(second.text)")
        for server in backends.servers { #expect(server.deliveries.isEmpty) }
    }

    @Test("A wrong token and none are refused by the viewer's own server", arguments: [true, false])
    func wrongToken(isMounted: Bool) throws {
        let backends = try threeServers()
        let later = backends.servers[2]
        for token: [String: JSON] in [["viewerToken": .string("0123")], ["viewerToken": .string("")]] {
            let answer = try backends.post(
                later.event("click", of: "new-1", token),
                at: isMounted ? later : nil
            )
            #expect(answer.status == 403 && answer.text == "Invalid viewer credentials", "\(answer.text)")
        }
        #expect(later.deliveries.isEmpty)
        let event = later.event("click", of: "new-1")
        #expect(try backends.post(event).json == .delivered)
        #expect(later.deliveries(1) == [later.delivery(event)])
    }

    @Test(
        "What is no event is answered as the server of the mount answers it",
        arguments: posting,
        ["", "{", "[]", "{\"type\":\"hover\"}", "{\"type\":\"hover\",\"viewerId\":\"\"}", "nonsense", "{}"]
    )
    func noEvent(version: CellucidServer.Version, body: String) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["v"])])
        let server = backends.servers[0]
        let own = try RawConnection(port: server.port)
        try own.sendEvent(body, to: "/_cellucid/events")
        let expected = try own.readToEnd()
        let connection = try backends.gateway.connect()
        try connection.sendEvent(body, to: "/\(server.mount)/_cellucid/events")
        let answer = try connection.readResponse(to: "POST")
        let head = String(decoding: expected.prefix(12), as: UTF8.self)
        #expect(head.hasSuffix(" \(answer.status)"), "\(head) \(answer.status)")
        #expect(expected.suffix(answer.body.count) == answer.body[...], "\(answer.text)")
        #expect(server.deliveries.isEmpty)
    }

    @Test("At the root they are answered as 0.0.9 answers them")
    func noEventAtRoot() throws {
        let backends = try threeServers()
        let bodies = [
            "", "{", "nonsense", "{} x", "{\"viewerId\":\"v\",}", "[]", "1", "null", "\"text\"", "{}",
            "{\"viewerId\":\"\"}", "{\"viewerId\":null}", "{\"viewerId\":false}", "{\"viewerId\":0}",
            "{\"viewerId\":5}", "{\"viewerId\":[]}", "{\"viewerId\":[1]}", "{\"viewerId\":{\"a\":1}}",
            "{\"viewerId\":\"nobody\"}", "{\"viewerId\":\"no body\"}",
            "{\"viewerId\":\"old-1\",\"viewerId\":\"x\"}",
        ]
        for body in bodies {
            let own = try RawConnection(port: backends.servers[0].port)
            try own.sendEvent(body, to: "/_cellucid/events")
            let expected = try own.readToEnd()
            let connection = try backends.gateway.connect()
            try connection.sendEvent(body, to: "/_cellucid/events")
            let answer = try connection.readResponse(to: "POST")
            #expect(
                String(decoding: expected.prefix(12), as: UTF8.self).hasSuffix(" \(answer.status)"),
                "\(body)"
            )
            let start = try #require(expected.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
            // The blanks in the JSON of Python say nothing.
            let texts = [expected[start...], answer.body[...]].map { $0.filter { $0 != 0x20 } }
            #expect(texts[0] == texts[1], "\(body) \(answer.text)")
        }
        for server in backends.servers { #expect(server.deliveries.isEmpty) }
    }

    @Test("An event of 1 MiB is taken and a larger one is not", arguments: posting, [true, false])
    func size(version: CellucidServer.Version, isMounted: Bool) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["v"])])
        let server = backends.servers[0]
        let empty = server.event("selection", of: "v", ["padding": .string("")]).document.utf8.count
        for (size, status) in [(1 << 20, 200), (1 << 20 + 1, 413)] {
            let padding = JSON.string(String(repeating: "x", count: size - empty))
            let answer = try backends.post(
                server.event("selection", of: "v", ["padding": padding]),
                at: isMounted ? server : nil
            )
            #expect(answer.status == status, "\(answer.text)")
            if status == 413 { #expect(answer.text == "Request too large") }
        }
        #expect(server.deliveries(1).count == 1)
    }

    @Test("The events of a viewer keep their order, sent in one go", arguments: posting, [true, false])
    func order(version: CellucidServer.Version, isMounted: Bool) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["a", "b"])])
        let server = backends.servers[0]
        let path = isMounted ? "/\(server.mount)/_cellucid/events" : "/_cellucid/events"
        let connection = try backends.gateway.connect()
        let kinds = ["hover", "selection", "hover", "click"]
        for number in 0..<60 {
            let event = server.event(
                kinds[number % 4],
                of: number % 3 == 0 ? "b" : "a",
                ["n": .number(Double(number))]
            )
            try connection.sendEvent(event.document, to: path)
        }
        for _ in 0..<60 { #expect(try connection.readResponse(to: "POST").status == 200) }
        let numbers = server.deliveries(60).map { $0.event["n"] }
        #expect(numbers == (0..<60).map { .number(Double($0)) })
    }

    @Test("A callback that fails is answered as its server answers it", arguments: posting, [true, false])
    func failingCallback(version: CellucidServer.Version, isMounted: Bool) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["bad", "good"])])
        let server = backends.servers[0]
        try server.letFail("bad")
        let answer = try backends.post(server.event("click", of: "bad"), at: isMounted ? server : nil)
        if version == .v009 {
            #expect(answer.status == 200 && answer.json == .notFound, "\(answer.text)")
        } else {
            #expect(answer.status == 500 && answer.text == "Viewer callback failed", "\(answer.text)")
        }
        #expect(try backends.post(server.event("click", of: "good")).json == .delivered)
        #expect(server.deliveries(1).map(\.viewer) == ["good"])
    }

    @Test("A page of HTTP/1.0, in chunks or with an Expect field is heard too", arguments: posting)
    func framing(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["v"])])
        let server = backends.servers[0]
        let target = "/\(server.mount)/_cellucid/events"
        let event = server.event("click", of: "v").document
        let type = "Content-Type: application/json"
        let chunked = try backends.gateway.connect()
        try chunked.send("POST", target, [type, "Transfer-Encoding: chunked"])
        try chunked.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n0\r\n\r\n")
        #expect(try chunked.readResponse(to: "POST").json == .delivered)
        let expecting = try backends.gateway.connect()
        try expecting.send(
            "POST",
            target,
            [type, "Content-Length: \(event.utf8.count)", "Expect: 100-continue"]
        )
        #expect(try expecting.readResponse(to: "POST").status == 100)
        try expecting.send(event)
        #expect(try expecting.readResponse(to: "POST").json == .delivered)
        #expect(server.deliveries(2).count == 2)
    }

    @Test("A server that finds an event malformed does not keep it from its owner", arguments: [true, false])
    func strictNeighbour(isStrictFirst: Bool) throws {
        let versions: [CellucidServer.Version] = isStrictFirst ? [.v093, .v009] : [.v009, .v093]
        let backends = try RealBackends(
            versions.map { try CellucidServer($0, viewers: ["of-\($0.rawValue)"]) }
        )
        let old = try #require(backends.servers.first { $0.version == .v009 })
        for (viewer, expected) in [("of-0.0.9", JSON.delivered), ("nobody", .notFound)] {
            let body = JSON.object(["viewerId": .string(viewer)]).document
            let connection = try backends.gateway.connect()
            try connection.send(
                "POST",
                "/_cellucid/events",
                ["Content-Type: text/plain;charset=UTF-8", "Content-Length: \(body.utf8.count)"]
            )
            try connection.send(body)
            let answer = try connection.readResponse(to: "POST")
            #expect(answer.status == 200 && answer.json == expected, "\(answer.statusLine) \(answer.text)")
        }
        #expect(old.deliveries(1).count == 1)
    }
}
