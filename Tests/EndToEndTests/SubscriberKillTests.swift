import Glibc
import TestSupport
import Testing

/// What a subscriber finds again when the gateway was killed, or could not keep anything.
@Suite struct SubscriberKillTests {
    private let root = TemporaryDirectory()
    private let state = TemporaryDirectory()
    private let reserved: RefusingPort

    init() throws {
        reserved = try RefusingPort()
        ExportFixture().write("cells", in: root)
    }

    /// Starts a gateway, always at the same port.
    private func start(_ arguments: [String] = []) throws -> GatewayProcessUnderTest {
        let folders = [root.path, "--state-dir", state.path]
        return try GatewayProcessUnderTest(folders + arguments, port: reserved.number)
    }

    @Test("Killed again and again while events arrive: nothing acknowledged is lost, and all stays in order")
    func kill() throws {
        var gateway = try start()
        let port = gateway.port
        let viewer = try SubscribedViewer("v1", at: port)
        var next = 1
        var acknowledged = 0
        // What the subscriber has got, by number.
        var received: [Int: Int] = [:]
        var last: String?
        for round in 0..<5 {
            let stream = try viewer.follow(after: last)
            let connection = try RawConnection(port: port)
            // Many at once, so that some are on their way when the gateway is killed.
            for number in next..<(next + 200) {
                let event = viewer.event(number)
                let fields = ["Content-Length: \(event.utf8.count)"]
                try connection.send(connection.request("POST", "/_cellucid/events", fields) + event)
            }
            for _ in 0..<(20 + 10 * round) {
                #expect(try connection.readResponse(to: "POST").status == 200)
                acknowledged += 1
            }
            try receive(stream, 10, &received, &last)
            gateway.send(signal: SIGKILL)
            #expect(gateway.waitForEnd() == .signal(SIGKILL))
            gateway = try start()
            #expect(gateway.waitForErrorText("subscribers: 1 viewers"))
            // The page sends again what was not acknowledged.
            next += 20 + 10 * round
        }
        let stream = try viewer.follow(after: last)
        while received.values.max() ?? 0 < acknowledged { try receive(stream, 1, &received, &last) }
        let all = received.sorted { $0.key < $1.key }.map(\.value)
        // In each round later ones may have been kept that were not acknowledged; they were sent anew.
        var expected = 1
        for cell in all where cell == expected { expected += 1 }
        #expect(expected > acknowledged)
        // The numbers have no gaps, and the log as it is now says the same about each.
        #expect(received.keys.sorted() == Array(1...received.count))
        let again = try viewer.follow()
        for (id, cell) in received.sorted(by: { $0.key < $1.key }) {
            let event = try #require(try again.nextEvent())
            #expect(event.id == "\(id)")
            #expect(event.cell == cell)
        }
    }

    private func receive(
        _ stream: EventStreamReader,
        _ count: Int,
        _ received: inout [Int: Int],
        _ last: inout String?
    ) throws {
        for event in try stream.events(count) {
            #expect(event.event == "viewer")
            let id = try #require(event.id.flatMap { Int($0) })
            #expect(received[id] == nil, "\(id) has come twice")
            received[id] = event.cell
            last = event.id
        }
    }

    @Test(
        "The secret, the events and the session bundles are there after a restart",
        arguments: [SIGKILL, SIGTERM]
    )
    func restart(signal: Int32) throws {
        let first = try start()
        let viewer = try SubscribedViewer("v1", at: first.port)
        try viewer.post(1...3)
        let request = try viewer.requestBundle()
        let bundle = SubscribedViewer.magic + ExportFixture.noise(100_000)
        #expect(try viewer.upload(bundle, for: request).status == 200)
        first.send(signal: signal)
        _ = first.waitForEnd()

        let second = try start()
        #expect(second.waitForErrorText("1 viewers and \(bundle.count) bytes of session bundles were kept"))
        #expect(try RawConnection(port: second.port).exchange("PUT", viewer.path()).status == 409)
        #expect(try viewer.ask("PUT", "").status == 200)
        #expect(try viewer.poll("wait=0")["cursor"] == .number(4))
        #expect(try viewer.ask("GET", "/sessions/\(request.id)").body == bundle)
        try viewer.post([4])
        #expect(try viewer.follow(after: "4").nextEvent()?.id == "5")
        #expect(try viewer.ask("DELETE", "").status == 204)
        second.send(signal: SIGTERM)
        _ = second.waitForEnd()

        let third = try start()
        #expect(try viewer.ask("GET", "/events").status == 404)
        #expect(!third.errorText.contains("viewers"))
    }

    @Test("Half an upload that a kill has interrupted is gone")
    func interruptedUpload() throws {
        let first = try start()
        let viewer = try SubscribedViewer("v1", at: first.port)
        let request = try viewer.requestBundle()
        let connection = try RawConnection(port: first.port)
        try connection.send("POST", request.upload, ["Content-Length: 2000000"])
        try connection.send(SubscribedViewer.magic + ExportFixture.noise(1_000_000))
        let folder = state("\(first.port)/sessions")
        #expect(Deadline(seconds: 30).wait { !Repository.names(in: folder).isEmpty })
        first.send(signal: SIGKILL)
        _ = first.waitForEnd()
        let second = try start()
        #expect(second.waitForErrorText("subscribers: 1 viewers and 0 bytes"))
        #expect(Repository.names(in: folder).isEmpty)
        let answer = try viewer.ask("GET", "/sessions/\(request.id)")
        #expect(answer.status == 404)
        #expect(answer.text == "This session bundle has not arrived yet.\n")
        // The page can send it again.
        let bundle = SubscribedViewer.magic + ExportFixture.noise(1000)
        #expect(try viewer.upload(bundle, for: request).status == 200)
        #expect(try viewer.ask("GET", "/sessions/\(request.id)").body == bundle)
    }

    /// The names of the files of open requests of all viewers.
    private func requestFiles(port: UInt16) -> [String] {
        let viewers = state("\(port)/viewers")
        return Repository.names(in: viewers).flatMap { Repository.names(in: "\(viewers)/\($0)") }
            .filter { $0.hasSuffix(".request") }
    }

    @Test(
        "A request for a session bundle that is open is so after a restart, once and until its time is over",
        arguments: [SIGKILL, SIGTERM]
    )
    func openRequests(signal: Int32) throws {
        let first = try start()
        let port = first.port
        let viewer = try SubscribedViewer("v1", at: port)
        let bundle = SubscribedViewer.magic + ExportFixture.noise(10_000)
        let spent = try viewer.requestBundle()
        #expect(try viewer.upload(bundle, for: spent).status == 200)
        let open = try viewer.requestBundle("{\"ttl\": 600}")
        let closed = try SubscribedViewer("v2", at: port)
        let request = try closed.requestBundle()
        #expect(requestFiles(port: port).count == 2)
        #expect(try closed.ask("DELETE", "").status == 204)
        #expect(requestFiles(port: port).count == 1)
        // What is over leaves the disk at any time.
        let short = try viewer.requestBundle("{\"ttl\": 1}")
        first.send(signal: signal)
        _ = first.waitForEnd()
        usleep(1_000_000)

        var gateway = try start()
        #expect(try viewer.upload(bundle, for: short).status == 404)
        #expect(try viewer.upload(bundle, for: spent).status == 404)
        #expect(try viewer.upload(bundle, for: request).status == 404)
        #expect(try viewer.upload([0x78], for: open).status == 500)
        #expect(try viewer.upload(bundle, for: open).status == 200)
        #expect(requestFiles(port: port).isEmpty)
        let event = try viewer.lastBundleEvent()
        #expect(event["status"] == .string("ok"))
        #expect(event["requestId"] == .string(open.id))
        #expect(try viewer.upload(bundle, for: open).status == 404)
        gateway.send(signal: signal)
        _ = gateway.waitForEnd()

        gateway = try start()
        #expect(try viewer.upload(bundle, for: open).status == 404)
        #expect(try viewer.ask("GET", "/sessions/\(open.id)").body == bundle)
    }

    @Test("A folder that another gateway uses: subscribers are told until that has ended")
    func folderInUse() throws {
        var first: GatewayProcessUnderTest? = try start()
        let port = try #require(first?.port)
        // The same port on another address.
        let second = try start(["--host", "127.0.0.2", "--allowed-host", "127.0.0.2"])
        #expect(second.waitForErrorText("another process uses this folder; see --state-dir"))
        let connection = try RawConnection(port: port, host: "127.0.0.2")
        let answer = try connection.exchange("PUT", "/_gateway/viewers/v1")
        #expect(answer.status == 503)
        #expect(answer["retry-after"] != nil)
        #expect(answer.text.contains("another process uses this folder"))
        let secret = ["Authorization: Bearer x"]
        #expect(try connection.exchange("GET", "/_gateway/viewers/v1/events", secret).status == 503)
        #expect(try connection.exchange("GET", "/_gateway/viewers").text == "{\"viewers\":[]}")
        #expect(try connection.exchange("GET", "/cells/dataset_identity.json").status == 200)
        let event = try connection.post("/_cellucid/events", "{\"type\":\"x\",\"viewerId\":\"v1\"}")
        #expect(event.text == "{\"status\":\"not_found\",\"delivered\":false}")
        let viewer = try SubscribedViewer("v1", at: port)
        try viewer.post([1])
        // It takes over when the other has ended.
        withExtendedLifetime(first) {}
        first = nil
        let isTaken = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/_gateway/viewers/v1/events?wait=0", [viewer.authorization])
                .text.contains("\"cell\":1")
        }
        #expect(isTaken)
        #expect(second.waitForErrorText("events are kept for subscribers from now on"))
    }
}
