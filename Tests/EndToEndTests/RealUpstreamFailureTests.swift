import TestSupport
import Testing

/// Real Cellucid servers that are slow, stuck, dead, or started anew.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamFailureTests {
    private static let posting: [CellucidServer.Version] = [.v009, .v093]

    private func file(_ server: CellucidServer) -> String {
        switch server.version {
        case .v009: "/\(server.mount)/points_2d.bin"
        case .v093: "/\(server.mount)/embeddings/0_2d.bin"
        case .v095: "/\(server.mount)/_cellucid/anndata/cells.h5ad"
        }
    }

    private func waitForState(_ state: String, of server: CellucidServer, _ backends: RealBackends) throws {
        var last: JSON?
        let isReached = try Deadline(seconds: 60).wait {
            last = try backends.state(of: server)
            return last?["state"]?.text == state
        }
        #expect(isReached, "\(last ?? .null)")
    }

    @Test(
        "A server that dies is said to, harms nobody, and is back with its viewers",
        arguments: Self.posting,
        [1, 2]
    )
    func killed(version: CellucidServer.Version, workers: Int) throws {
        let backends = try RealBackends(
            Self.posting.map { try CellucidServer($0, viewers: ["of-\($0.rawValue)"]) },
            ["--workers", "\(workers)"]
        )
        let victim = try #require(backends.servers.first { $0.version == version })
        let other = try #require(backends.servers.first { $0.version != version })
        let (viewer, otherViewer) = ("of-\(version.rawValue)", "of-\(other.version.rawValue)")
        #expect(try backends.post(victim.event("click", of: viewer)).json == .delivered)
        #expect(try backends.post(other.event("click", of: otherViewer)).json == .delivered)
        victim.kill()

        let failure = try backends.ask(file(victim))
        #expect(failure.status == 502)
        #expect(failure["content-type"]?.hasPrefix("text/plain") == true)
        #expect(failure.text.contains("gives no answer: "), "\(failure.text)")
        #expect(try backends.post(victim.event("click", of: viewer), at: victim).status == 502)
        #expect(try backends.post(victim.event("click", of: viewer)).json != .delivered)
        try waitForState("unavailable", of: victim, backends)
        #expect(try backends.state(of: victim)?["reason"]?.text?.isEmpty == false)
        let listed = try backends.ask("/_gateway/datasets").json?["datasets"]?.elements ?? []
        let states = Dictionary(
            listed.map { ($0["mount"]?.text ?? "", $0["state"]?.text ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(states == [victim.mount: "unavailable", other.mount: "ready"])
        #expect(try backends.ask(file(other)).status == 200)
        #expect(try backends.post(other.event("click", of: otherViewer)).json == .delivered)

        let reborn = try CellucidServer(version, viewers: [viewer], port: victim.port)
        try waitForState("healthy", of: victim, backends)
        #expect(try backends.ask(file(victim)).status == 200)
        let event = reborn.event("click", of: viewer)
        #expect(try backends.post(event).json == .delivered)
        #expect(reborn.deliveries(1) == [reborn.delivery(event)])
    }

    @Test("A viewer that is opened anew at another server is found there")
    func movedViewer() throws {
        let backends = try RealBackends(Self.posting.map { try CellucidServer($0) })
        let (old, later) = (backends.servers[0], backends.servers[1])
        try old.add("nomad")
        #expect(try backends.post(old.event("click", of: "nomad")).json == .delivered)
        try old.remove("nomad")
        try later.add("nomad")
        let event = later.event("click", of: "nomad")
        #expect(try backends.post(event).json == .delivered)
        #expect(later.deliveries(1) == [later.delivery(event)])
        later.kill()
        try old.add("nomad")
        #expect(try backends.post(old.event("click", of: "nomad")).json == .delivered)
        #expect(old.deliveries(2).count == 2)
    }

    @Test("The channel of 0.9.5 ends with its server, and is there again with it")
    func killedChannel() throws {
        let backends = try RealBackends([CellucidServer(.v095, viewers: ["a"])])
        let server = backends.servers[0]
        let first = try backends.openChannel("a", at: server)
        server.kill()
        #expect(try first.ends())
        #expect(try backends.ask(file(server)).status == 502)
        let reborn = try CellucidServer(.v095, viewers: ["a"], port: server.port)
        try waitForState("healthy", of: server, backends)
        _ = try backends.openChannel("a", at: reborn)
    }

    @Test("A slow callback makes others wait and nothing more", arguments: Self.posting)
    func slowCallback(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["slow", "quick"])])
        let server = backends.servers[0]
        try server.delay("slow", seconds: 2)
        let target = "/\(server.mount)/_cellucid/events"
        let slow = try backends.gateway.connect()
        try slow.sendEvent(server.event("click", of: "slow").document, to: target)
        // When this one is answered the first has at least arrived.
        #expect(try backends.ask("/\(server.mount)/_cellucid/health").status == 200)
        #expect(try backends.post(server.event("click", of: "quick")).json == .delivered)
        #expect(try backends.ask(file(server)).status == 200)
        #expect(try slow.readResponse(to: "POST").json == .delivered)
        #expect(server.deliveries(2).count == 2)
        #expect(try backends.state(of: server)?["state"]?.text == "healthy")
    }

    @Test("While a server is stuck, its viewers' polls for its health go on", arguments: Self.posting)
    func stuck(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["v"])])
        let server = backends.servers[0]
        try server.freeze()
        let waiting = try backends.gateway.connect()
        try waiting.sendEvent(
            server.event("click", of: "v").document,
            to: "/\(server.mount)/_cellucid/events"
        )
        let health = "/\(server.mount)/_cellucid/health"
        for _ in 0..<5 { #expect(try backends.ask(health).json?["status"]?.text == "ok") }
        #expect(try backends.state(of: server)?["state"]?.text == "healthy")
        server.thaw()
        #expect(try waiting.readResponse(to: "POST").json == .delivered)
    }

    @Test(
        "Who asks a server that is stuck for too long is told so; it serves again when it goes on",
        arguments: Self.posting
    )
    func stuckForTooLong(version: CellucidServer.Version) throws {
        let backends = try RealBackends(
            [CellucidServer(version, viewers: ["v"]), CellucidServer(.v095)],
            ["--upstream-seconds", "1"]
        )
        let server = backends.servers[0]
        try server.freeze()
        let answer = try backends.ask(file(server))
        #expect([503, 504].contains(answer.status), "\(answer.statusLine)")
        #expect(answer.text.contains("gives no answer: "), "\(answer.text)")
        #expect(try backends.ask(file(backends.servers[1])).status == 200)
        server.thaw()
        let isBack = try Deadline(seconds: 60).wait { try backends.ask(file(server)).status == 200 }
        #expect(isBack)
        #expect(try backends.post(server.event("click", of: "v")).json == .delivered)
    }

    @Test("Requests that are sent by halves, and silent connections, hold nobody up", arguments: Self.posting)
    func halfRequests(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version, viewers: ["v"])])
        let server = backends.servers[0]
        let event = Array(server.event("click", of: "v").document.utf8)
        var halves: [RawConnection] = []
        for mount in ["", "/\(server.mount)"] {
            for path in ["events", "session_bundle?viewerId=v&requestId=r"] {
                let connection = try backends.gateway.connect()
                try connection.send(
                    "POST",
                    "\(mount)/_cellucid/\(path)",
                    ["Content-Type: application/json", "Content-Length: \(event.count)"]
                )
                try connection.send(event.prefix(5))
                halves.append(connection)
                let head = try backends.gateway.connect()
                try head.send("GET \(mount)/_cellucid/health HTTP/1.1\r\nHost:")
                halves += [head, try backends.gateway.connect()]
            }
        }
        #expect(try backends.post(server.event("click", of: "v"), at: server).json == .delivered)
        #expect(try backends.ask(file(server)).status == 200)
        // A half becomes a whole.
        try halves[0].send(event.dropFirst(5))
        #expect(try halves[0].readResponse(to: "POST").json == .delivered)
        // The gateway has asked whose viewer it is, of the bundle at the root.
        let events = server.deliveries(2).filter { $0.event["type"]?.text == "click" }
        #expect(events.count == 2)
    }

    @Test("A client that reads slowly holds nobody up", arguments: Self.posting)
    func slowReader(version: CellucidServer.Version) throws {
        let root = TemporaryDirectory()
        var fixture = ExportFixture()
        fixture.files["large.bin"] = ExportFixture.noise(8 << 20)
        fixture.write("cells", in: root)
        let data = version == .v009 ? root("cells") : nil
        let backends = try RealBackends([CellucidServer(version, data: data, viewers: ["v"])])
        let server = backends.servers[0]
        let slow = try backends.gateway.connect(receiveBuffer: 4096)
        try slow.send("GET", version == .v009 ? "/\(server.mount)/large.bin" : file(server))
        _ = try slow.readHead()
        #expect(try backends.post(server.event("click", of: "v"), at: server).json == .delivered)
        #expect(try backends.ask(file(server)).status == 200)
    }
}
