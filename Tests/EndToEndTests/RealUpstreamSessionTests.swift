import TestSupport
import Testing

/// Session bundles arrive whole at the real Cellucid server that waits for them.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamSessionTests {
    private static let posting: [CellucidServer.Version] = [.v009, .v093]

    /// Two servers, each with a viewer of its own.
    private func twoServers() throws -> RealBackends {
        try RealBackends(Self.posting.map { try CellucidServer($0, viewers: ["of-\($0.rawValue)"]) })
    }

    private func server(_ version: CellucidServer.Version, of backends: RealBackends) throws -> CellucidServer
    {
        try #require(backends.servers.first { $0.version == version })
    }

    @Test("A bundle arrives byte for byte, once", arguments: posting, [true, false])
    func roundTrip(version: CellucidServer.Version, isMounted: Bool) throws {
        let backends = try twoServers()
        let server = try server(version, of: backends)
        let (viewer, bundle) = ("of-\(version.rawValue)", version.bundle)
        let token = server.tokens[viewer]
        let mount = isMounted ? server : nil
        try server.expect("r1", of: viewer)
        let answer = try backends.upload(bundle, "r1", of: viewer, token: token, at: mount)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json == .object(["status": .string("ok"), "bytes": .number(Double(bundle.count))]))
        let ours = { (delivery: CellucidServer.Delivery) in delivery.event["type"]?.text == "session_bundle" }
        let delivered = try #require(server.deliveries(1).first(where: ours))
        #expect(delivered.viewer == viewer)
        #expect(delivered.event["requestId"]?.text == "r1")
        #expect(delivered.event["status"]?.text == "ok")
        #expect(readFile(server.bundles("r1")) == bundle)

        let again = try backends.upload(bundle, "r1", of: viewer, token: token, at: mount)
        #expect(again.status == 404, "\(again.text)")
        #expect(again.text.hasPrefix("No pending session bundle request"), "\(again.text)")
        for other in backends.servers where other !== server { #expect(other.deliveries.isEmpty) }
    }

    @Test("A bundle of many megabytes arrives byte for byte")
    func large() throws {
        let backends = try twoServers()
        let server = try server(.v009, of: backends)
        // 0.0.9 looks at the first bytes only.
        let bundle = Array("CELLUCID_SESSION\n".utf8) + ExportFixture.noise(24 << 20)
        try server.expect("large", of: "of-0.0.9")
        let answer = try backends.upload(bundle, "large", of: "of-0.0.9", at: server)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(server.deliveries(1).count == 1)
        #expect(readFile(server.bundles("large")) == bundle)
    }

    @Test("A bundle that is none is answered by the server, and its owner is told as the server tells it")
    func wrongBundle() throws {
        let backends = try twoServers()
        let wrong = Array("no session bundle at all, but long enough".utf8)
        let old = try server(.v009, of: backends)
        try old.expect("r", of: "of-0.0.9")
        let refused = try backends.upload(wrong, "r", of: "of-0.0.9", at: old)
        #expect(refused.status == 500)
        #expect(refused.text.hasPrefix("Failed to receive session bundle: "), "\(refused.text)")
        #expect(old.deliveries(1).first?.event["status"]?.text == "error")
        #expect(try backends.upload(old.version.bundle, "r", of: "of-0.0.9", at: old).status == 404)

        let later = try server(.v093, of: backends)
        let token = later.tokens["of-0.9.3"]
        try later.expect("r", of: "of-0.9.3")
        #expect(try backends.upload(wrong, "r", of: "of-0.9.3", token: token, at: later).status == 400)
        #expect(
            try backends.upload(later.version.bundle, "r", of: "of-0.9.3", token: "00", at: later).status
                == 403
        )
        // It still waits for a good one.
        #expect(
            try backends.upload(later.version.bundle, "r", of: "of-0.9.3", token: token, at: later).status
                == 200
        )
        #expect(readFile(later.bundles("r")) == later.version.bundle)
    }

    @Test("A bundle nobody waits for is refused", arguments: [true, false])
    func notPending(isMounted: Bool) throws {
        let backends = try twoServers()
        let old = try server(.v009, of: backends)
        for viewer in ["of-0.0.9", "nobody"] {
            let answer = try backends.upload(
                old.version.bundle,
                "none",
                of: viewer,
                at: isMounted ? old : nil
            )
            #expect(answer.status == 404, "\(answer.text)")
            #expect(answer.text == "No pending session bundle request (viewerId/requestId)")
        }
        let sessions = { (server: CellucidServer) in
            server.deliveries.filter { $0.event["type"]?.text == "session_bundle" }
        }
        #expect(sessions(old).isEmpty)
    }

    @Test("A bundle that stops half way never reaches the server, which goes on serving", arguments: posting)
    func halfBundle(version: CellucidServer.Version) throws {
        let backends = try twoServers()
        let server = try server(version, of: backends)
        let (viewer, bundle) = ("of-\(version.rawValue)", version.bundle)
        let token = server.tokens[viewer]
        try server.expect("r", of: viewer)
        let connection = try backends.gateway.connect()
        let secret = token.map { "&viewerToken=\($0)" } ?? ""
        try connection.send(
            "POST",
            "/\(server.mount)/_cellucid/session_bundle?viewerId=\(viewer)&requestId=r\(secret)",
            ["Content-Type: application/octet-stream", "Content-Length: \(bundle.count)"]
        )
        try connection.send(bundle.prefix(bundle.count / 2))
        #expect(try backends.post(server.event("click", of: viewer)).json == .delivered)
        connection.reset()
        // The server has not heard of the first one, so the request still waits.
        #expect(try backends.upload(bundle, "r", of: viewer, token: token, at: server).status == 200)
        #expect(readFile(server.bundles("r")) == bundle)
    }
}
