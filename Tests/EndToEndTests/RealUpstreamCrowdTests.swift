import TestSupport
import Testing

/// Many viewers of real Cellucid servers at once.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamCrowdTests {
    /// A page with the connection it sends its events on.
    private struct Page {
        let server: CellucidServer
        let viewer: String
        let connection: RawConnection
    }

    @Test(
        "The events of two hundred viewers reach their callbacks in order and no others",
        arguments: [1, 2]
    )
    func twoHundred(workers: Int) throws {
        let servers = try [CellucidServer.Version.v009, .v093].map { version in
            try CellucidServer(version, viewers: (0..<100).map { "\(version.rawValue)-\($0)" })
        }
        let backends = try RealBackends(servers, ["--workers", "\(workers)"])
        let pages = try (0..<200).map { number in
            let server = servers[number % 2]
            return Page(
                server: server,
                viewer: "\(server.version.rawValue)-\(number / 2)",
                connection: try backends.gateway.connect()
            )
        }
        let rounds = 6
        for round in 0..<rounds {
            let type = round % 3 == 1 ? "selection" : "hover"
            for page in pages {
                let event = page.server.event(type, of: page.viewer, ["round": .number(Double(round))])
                // At first nobody knows whose viewers they are.
                let mount = round % 2 == 0 ? "" : "/\(page.server.mount)"
                try page.connection.sendEvent(event.document, to: "\(mount)/_cellucid/events")
            }
            for page in pages {
                let answer = try page.connection.readResponse(to: "POST")
                #expect(answer.json == .delivered, "\(page.viewer) \(answer.statusLine) \(answer.text)")
            }
        }
        for server in servers {
            let got = Dictionary(grouping: server.deliveries(100 * rounds), by: \.viewer)
            #expect(got.count == 100)
            for (viewer, deliveries) in got {
                #expect(deliveries.allSatisfy { $0.event["viewerId"]?.text == viewer })
                #expect(
                    deliveries.map { $0.event["round"] } == (0..<rounds).map { .number(Double($0)) },
                    "\(viewer)"
                )
            }
        }
    }

    @Test("A selection overtakes a flood of hovers", arguments: [1, 2])
    func flood(workers: Int) throws {
        let names = (0..<50).map { "hovers-\($0)" }
        let server = try CellucidServer(.v009, viewers: names + ["selects"])
        let backends = try RealBackends([server], ["--workers", "\(workers)"])
        let target = "/\(server.mount)/_cellucid/events"
        func waitUntilWaiting(_ count: Double) throws {
            let isWaiting = try Deadline(seconds: 30).wait {
                guard case .number(let waiting)? = try backends.state(of: server)?["waiting"] else {
                    return false
                }
                return waiting >= count
            }
            #expect(isWaiting)
        }
        try server.freeze()
        let hovering = try names.map { _ in try backends.gateway.connect() }
        for (name, connection) in zip(names, hovering) {
            try connection.sendEvent(server.event("hover", of: name).document, to: target)
        }
        try waitUntilWaiting(49)
        let selecting = try backends.gateway.connect()
        try selecting.sendEvent(server.event("selection", of: "selects").document, to: target)
        try waitUntilWaiting(50)
        server.thaw()
        for connection in hovering + [selecting] {
            #expect(try connection.readResponse(to: "POST").json == .delivered)
        }
        let order = server.deliveries(51).map(\.viewer)
        #expect(order.count == 51)
        #expect(try #require(order.firstIndex(of: "selects")) < 10, "\(order)")
    }
}
