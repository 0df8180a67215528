import Glibc
import TestSupport
import Testing

/// Session bundles from the page to the script that has asked for them.
@Suite struct SubscriberSessionTests {
    private static let bundle = SubscribedViewer.magic + ExportFixture.noise(3_000_001)

    @Test("Asked for, uploaded, told, fetched byte for byte, once", arguments: ["", "/cells"])
    func roundTrip(mount: String) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let answer = try RawConnection(port: viewer.port).post(
            viewer.path("/session-requests"),
            "{\"ttl\": 30}",
            [viewer.authorization]
        )
        #expect(answer.status == 201)
        let document = try JSON(answer.body)
        #expect(document.keys == ["expiresIn", "requestId", "upload"])
        #expect(document["expiresIn"] == .number(30))
        let id = try #require(document["requestId"]?.text)
        #expect(id.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(document["upload"]?.text == "/_cellucid/session_bundle?viewerId=v1&requestId=\(id)")
        let early = try viewer.ask("GET", "/sessions/\(id)")
        #expect(early.status == 404)
        #expect(early.text == "This session bundle has not arrived yet.\n")

        let stream = try viewer.follow()
        let upload = "\(mount)/_cellucid/session_bundle?viewerId=v1&requestId=\(id)&viewerToken=x"
        let request = SubscribedViewer.BundleRequest(id: id, upload: upload)
        let uploaded = try viewer.upload(Self.bundle, for: request)
        #expect(uploaded.status == 200)
        #expect(uploaded.text == "{\"status\":\"ok\",\"bytes\":\(Self.bundle.count)}")
        #expect(uploaded["content-type"] == "application/json")
        #expect(uploaded["cache-control"] == "no-store")

        let event = try JSON(Array(try #require(try stream.nextEvent()).data[0].utf8))
        #expect(event.keys == ["bytes", "requestId", "sha256", "status", "type", "url", "viewerId"])
        #expect(event["type"] == .string("session_bundle"))
        #expect(event["status"] == .string("ok"))
        #expect(event["bytes"] == .number(Double(Self.bundle.count)))
        let url = try #require(event["url"]?.text)
        let folder = TemporaryDirectory()
        folder.write("bundle", Self.bundle)
        let sum = try ChildProcess.run("sha256sum", [folder("bundle")])
        #expect(event["sha256"]?.text == String(decoding: sum.output.prefix(64), as: UTF8.self))

        let fetched = try served.connect().exchange("GET", url, [viewer.authorization])
        #expect(fetched.status == 200)
        #expect(fetched["content-length"] == "\(Self.bundle.count)")
        #expect(fetched["content-type"] == "application/octet-stream")
        #expect(fetched.body == Self.bundle)
        let again = try served.connect().exchange("GET", url, [viewer.authorization])
        #expect(again.status == 404)
        #expect(again.text == "This session bundle has been fetched already.\n")
        #expect(try viewer.upload(Self.bundle, for: request).status == 404)
    }

    /// Uploads that are not taken, with the status and the text of the answer.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let fields: [String]
        let body: [UInt8]
        let status: Int
        let text: String
        /// What the script is told, if it is.
        var reason: String?

        var testDescription: String { name }
    }

    private static let refusals = [
        Refusal(
            name: "wrong magic",
            fields: ["Content-Length: 100"],
            body: [UInt8](repeating: 0x78, count: 100),
            status: 500,
            text: "Failed to receive session bundle: Invalid session bundle MAGIC header",
            reason: "Invalid session bundle MAGIC header"
        ),
        Refusal(
            name: "shorter than the magic",
            fields: ["Content-Length: 8"],
            body: Array("CELLUCID".utf8),
            status: 500,
            text: "Failed to receive session bundle: Session bundle truncated (missing MAGIC header)",
            reason: "Session bundle truncated (missing MAGIC header)"
        ),
        Refusal(
            name: "truncated",
            fields: ["Content-Length: 1000"],
            body: SubscribedViewer.magic,
            status: 500,
            text: "Failed to receive session bundle: Session bundle truncated (17 of 1000 bytes)",
            reason: "Session bundle truncated (17 of 1000 bytes)"
        ),
        Refusal(
            name: "no length",
            fields: ["Transfer-Encoding: chunked"],
            body: Array("11\r\n".utf8) + SubscribedViewer.magic + Array("\r\n0\r\n\r\n".utf8),
            status: 411,
            text: "Missing Content-Length"
        ),
        Refusal(
            name: "empty",
            fields: ["Content-Length: 0"],
            body: [],
            status: 411,
            text: "Missing Content-Length"
        ),
        Refusal(
            name: "too large",
            fields: ["Content-Length: 536870913"],
            body: [],
            status: 413,
            text: "Session bundle too large (>536870912 bytes)"
        ),
        Refusal(
            name: "too large, asked first",
            fields: ["Content-Length: 536870913", "Expect: 100-continue"],
            body: [],
            status: 413,
            text: "Session bundle too large (>536870912 bytes)"
        ),
    ]

    @Test("What is not taken, and that it can be tried again", arguments: refusals)
    func refused(refusal: Refusal) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let request = try viewer.requestBundle()
        let connection = try served.connect()
        try connection.send("POST", request.upload, refusal.fields)
        try connection.send(refusal.body)
        connection.finishSending()
        let answer = try connection.readResponse(to: "POST")
        #expect(answer.status == refusal.status)
        #expect(answer.text == refusal.text)
        #expect(answer["content-type"]?.hasPrefix("text/plain") == true)
        if let reason = refusal.reason {
            let event = try viewer.lastBundleEvent()
            #expect(event.keys == ["error", "requestId", "status", "type", "viewerId"])
            #expect(event["status"] == .string("error"))
            #expect(event["error"] == .string(reason))
            #expect(event["requestId"] == .string(request.id))
        } else {
            #expect(try viewer.poll("wait=0")["events"] == .array([]))
        }
        #expect(temporaryFiles(served).isEmpty)
        #expect(try viewer.upload(Self.bundle, for: request).status == 200)
        #expect(try viewer.ask("GET", "/sessions/\(request.id)").body == Self.bundle)
    }

    @Test("What nobody has asked for, or not any more")
    func notPending() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let other = try SubscribedViewer("v2", at: served.gateway.port)
        let request = try viewer.requestBundle()
        let text = "No pending session bundle request (viewerId/requestId)"
        let unknown = [
            "/_cellucid/session_bundle?viewerId=v1&requestId=0123",
            "/_cellucid/session_bundle?viewerId=v2&requestId=\(request.id)",
            "/_cellucid/session_bundle?viewerId=v3&requestId=\(request.id)",
        ]
        for upload in unknown {
            let answer = try viewer.upload(Self.bundle, for: .init(id: request.id, upload: upload))
            #expect(answer.status == 404, "\(upload)")
            #expect(answer.text == text)
        }
        let short = try viewer.requestBundle("{\"ttl\":1}")
        usleep(1_200_000)
        #expect(try viewer.upload(Self.bundle, for: short).status == 404)
        // The one that is open was not spent by any of these.
        #expect(try viewer.upload(Self.bundle, for: request).status == 200)
        #expect(try other.ask("GET", "/sessions/\(request.id)").status == 404)
    }

    @Test("A second upload while the first arrives")
    func second() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let request = try viewer.requestBundle()
        let connection = try served.connect()
        try connection.send("POST", request.upload, ["Content-Length: \(Self.bundle.count)"])
        try connection.send(Self.bundle.prefix(1_000_000))
        #expect(Deadline(seconds: 30).wait { !temporaryFiles(served).isEmpty })
        #expect(try viewer.upload(Self.bundle, for: request).status == 404)
        try connection.send(Self.bundle.dropFirst(1_000_000))
        #expect(try connection.readResponse(to: "POST").status == 200)
        #expect(try viewer.ask("GET", "/sessions/\(request.id)").body == Self.bundle)
    }

    @Test("A page that goes away in the middle: nothing is left, and the script is told")
    func pageLeaves() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let request = try viewer.requestBundle()
        let stream = try viewer.follow()
        let connection = try served.connect()
        try connection.send("POST", request.upload, ["Content-Length: \(Self.bundle.count)"])
        try connection.send(Self.bundle.prefix(1_000_000))
        #expect(Deadline(seconds: 30).wait { !temporaryFiles(served).isEmpty })
        connection.reset()
        let event = try JSON(Array(try #require(try stream.nextEvent()).data[0].utf8))
        #expect(event["status"] == .string("error"))
        #expect(event["error"]?.text?.hasPrefix("Session bundle truncated (") == true)
        #expect(temporaryFiles(served).isEmpty)
        #expect(try viewer.upload(Self.bundle, for: request).status == 200)
    }

    @Test("A page that asks before it sends")
    func continues() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let request = try viewer.requestBundle()
        let connection = try served.connect()
        let fields = ["Content-Length: \(Self.bundle.count)", "Expect: 100-continue"]
        try connection.send("POST", request.upload, fields)
        #expect(try connection.readResponse(to: "POST").status == 100)
        try connection.send(Self.bundle)
        #expect(try connection.readResponse(to: "POST").status == 200)
    }

    @Test("A fetch that breaks off can be repeated; two at a time cannot be")
    func brokenFetch() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let large = SubscribedViewer.magic + ExportFixture.noise(30_000_000)
        let request = try viewer.requestBundle()
        #expect(try viewer.upload(large, for: request).status == 200)
        let first = try served.connect(receiveBuffer: 8192)
        try first.send("GET", viewer.path("/sessions/\(request.id)"), [viewer.authorization])
        _ = try first.readBytes(1000)
        let second = try viewer.ask("GET", "/sessions/\(request.id)")
        #expect(second.status == 409)
        #expect(second["retry-after"] == "1")
        first.reset()
        let again = Deadline(seconds: 30).firstAnswer { () -> RawResponse? in
            let answer = try? viewer.ask("GET", "/sessions/\(request.id)")
            return answer?.status == 409 ? nil : answer
        }
        #expect(again?.body == large)
    }

    @Test("A large bundle needs no more memory than a small one")
    func memory() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let large = SubscribedViewer.magic + [UInt8](repeating: 7, count: 200_000_000)
        let process = LifecycleProcess(processID: served.gateway.processID)
        let small = try viewer.requestBundle()
        #expect(try viewer.upload(Self.bundle, for: small).status == 200)
        let before = process.residentKilobytes
        let request = try viewer.requestBundle()
        let connection = try served.connect()
        try connection.send("POST", request.upload, ["Content-Length: \(large.count)"])
        for start in stride(from: 0, to: large.count, by: 20_000_000) {
            try connection.send(large[start..<min(start + 20_000_000, large.count)])
            #expect(process.residentKilobytes - before < 30_000)
        }
        #expect(try connection.readResponse(to: "POST").status == 200)
        #expect(try viewer.ask("GET", "/sessions/\(request.id)").body == large)
        #expect(process.residentKilobytes - before < 30_000)
    }

    @Test("What a script may ask for", arguments: ["{}", "{\"ttl\":1}", "{\"ttl\":3600}", ""])
    func lifetimes(body: String) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        _ = try viewer.requestBundle(body)
    }

    @Test(
        "What it may not",
        arguments: ["{\"ttl\":0}", "{\"ttl\":3601}", "{\"ttl\":\"1\"}", "{\"x\":1}", "[]", "{", "1"]
    )
    func badLifetimes(body: String) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let answer = try served.connect().post(viewer.path("/session-requests"), body, [viewer.authorization])
        #expect(answer.status == 400)
    }

    @Test("Closing a viewer removes its bundles")
    func closing() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let request = try viewer.requestBundle()
        #expect(try viewer.upload(Self.bundle, for: request).status == 200)
        #expect(try viewer.ask("DELETE", "").status == 204)
        #expect(files(served).isEmpty)
        let again = try SubscribedViewer("v1", at: served.gateway.port)
        #expect(try again.ask("GET", "/sessions/\(request.id)").status == 404)
    }

    private func files(_ served: ServedExport) -> [String] {
        let gateway = served.gateway
        return Repository.names(
            in: gateway.home(".local/state/cellucid-gateway/\(gateway.port)/sessions")
        )
    }

    private func temporaryFiles(_ served: ServedExport) -> [String] {
        files(served).filter { $0.hasSuffix(".part") }
    }
}
