import Glibc
import TestSupport
import Testing

/// The life of streams of events: readers that are slow, silent or gone, and a gateway that stops.
@Suite struct SubscriberStreamTests {
    @Test("A slow reader costs the gateway little memory and misses nothing")
    func slowReader() throws {
        let served = try ServedExport(arguments: ["--stall-seconds", "3600"])
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post([1], padding: 300_000)
        let process = LifecycleProcess(processID: served.gateway.processID)
        let before = process.residentKilobytes
        let streams = try (0..<10).map { _ in try viewer.follow(receiveBuffer: 65_536) }
        try viewer.post(2...50, padding: 300_000)
        // Each has 15 MB to read, more than sockets take.
        #expect(process.residentKilobytes - before < 60_000)
        let cells = try streams[0].events(50).map(\.cell)
        #expect(cells == Array(1...50))
    }

    @Test("A reader that has gone is noticed without an event")
    func vanished() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post([1])
        let process = LifecycleProcess(processID: served.gateway.processID)
        let before = process.descriptorCount
        let streams = try (0..<20).map { _ in try viewer.follow() }
        for stream in streams { #expect(try stream.nextEvent()?.cell == 1) }
        #expect(process.descriptorCount >= before + 15)
        for stream in streams { stream.leave() }
        #expect(Deadline(seconds: 60).wait { process.descriptorCount <= before })
        #expect(try viewer.follow().nextEvent()?.cell == 1)
    }

    @Test("A quiet stream is kept alive by comments, longer than any other time-out")
    func heartbeat() throws {
        let served = try ServedExport(arguments: [
            "--stall-seconds", "1", "--idle-seconds", "1", "--header-seconds", "1",
        ])
        let patience = Deadline(seconds: 60)
        let viewer = try patience.firstSuccess { try SubscribedViewer("v1", at: served.gateway.port) }
        let stream = try patience.firstSuccess { try viewer.follow(timeoutSeconds: 60) }
        #expect(try stream.next()?.retry == "1000")
        #expect(try stream.next() == EventStreamReader.Block(comments: 1))
        try patience.firstSuccess { try viewer.post([1]) }
        #expect(try stream.next()?.cell == 1)
    }

    @Test("Events that cannot be read are answered 503 before a stream begins", arguments: ["", "?wait=0"])
    func unreadable(query: String) throws {
        let served = try ServedExport()
        let gateway = served.gateway
        let viewer = try SubscribedViewer("v1", at: gateway.port)
        let viewers = ".local/state/cellucid-gateway/\(gateway.port)/viewers"
        let name = try #require(Repository.names(in: gateway.home(viewers)).first)
        gateway.home.write("\(viewers)/\(name)/events", "in the way")
        for method in ["GET", "HEAD"] {
            let answer = try viewer.ask(method, "/events\(query)")
            #expect(answer.status == 503 && answer["retry-after"] == "5")
        }
        #expect(gateway.waitForErrorText("the events of a viewer cannot be read: "))
        // Nothing is wrong any more when it is away.
        gateway.home.remove("\(viewers)/\(name)/events")
        try viewer.post([1])
        #expect(try viewer.follow().nextEvent()?.cell == 1)
    }

    @Test("A gateway that stops ends streams and waits at once, and in order")
    func stop() throws {
        let served = try ServedExport(arguments: ["--shutdown-seconds", "60"])
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post([1])
        let streams = try (0..<5).map { _ in try viewer.follow() }
        for stream in streams { #expect(try stream.nextEvent()?.cell == 1) }
        let polling = try served.connect()
        let waiting = viewer.path("/events?wait=60&cursor=1")
        // Both in one packet: with the answer to the first one, the second has come, too.
        try polling.send(
            polling.request("GET", "/_gateway/livez")
                + polling.request("GET", waiting, [viewer.authorization])
        )
        #expect(try polling.readResponse().status == 200)
        served.gateway.send(signal: SIGTERM)
        for stream in streams { #expect(try stream.ends()) }
        #expect(try polling.readResponse().text == "{\"cursor\":1,\"events\":[]}")
        // Long before the time for requests under way is over.
        #expect(served.gateway.waitForEnd(seconds: 20) == .exit(0))
    }

    @Test("A client of HTTP/1.0 gets the stream up to the end of the connection")
    func http10() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...3)
        let connection = try served.connect()
        try connection.send("GET \(viewer.path("/events")) HTTP/1.0\r\n\(viewer.authorization)\r\n\r\n")
        let stream = try EventStreamReader(connection)
        #expect(stream.head["transfer-encoding"] == nil)
        #expect(try stream.events(3).map(\.cell) == [1, 2, 3])
        try viewer.post([4])
        #expect(try stream.nextEvent()?.cell == 4)
        #expect(try viewer.ask("DELETE", "").status == 204)
        #expect(try stream.ends())
    }

    @Test("HEAD tells what would come")
    func head() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let connection = try served.connect()
        let answer = try connection.exchange("HEAD", viewer.path("/events"), [viewer.authorization])
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "text/event-stream")
        // The connection is ready for the next request.
        #expect(try connection.exchange("GET", "/_gateway/livez").status == 200)
    }

    @Test("A stream and other requests on one HTTP/2 connection", .enabled(if: CurlClient.isAvailable))
    func http2() throws {
        let served = try ServedExport(arguments: ["--h2c"])
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...3)
        let folder = TemporaryDirectory()
        let words = [
            "-sSN", "--http2-prior-knowledge", "--noproxy", "*", "-H", viewer.authorization,
            "http://127.0.0.1:\(served.gateway.port)\(viewer.path("/events"))",
        ]
        let curl = try ChildProcess(
            "curl",
            words,
            directory: "/",
            output: folder("out"),
            error: folder("error")
        )
        func output() -> String { String(decoding: readFile(folder("out")) ?? [], as: UTF8.self) }
        #expect(Deadline(seconds: 30).wait { output().contains("id: 3\n") })
        try viewer.post([4])
        #expect(Deadline(seconds: 30).wait { output().contains("id: 4\n") })
        #expect(try viewer.ask("DELETE", "").status == 204)
        #expect(curl.waitForEnd(seconds: 30) == .exit(0))
    }

    @Test("HTTP/2 clients that leave are noticed as well", .enabled(if: CurlClient.isAvailable))
    func http2Vanished() throws {
        let served = try ServedExport(arguments: ["--h2c"])
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post([1])
        let process = LifecycleProcess(processID: served.gateway.processID)
        let before = process.descriptorCount
        let words = [
            "-sSN", "--http2-prior-knowledge", "--noproxy", "*", "-H", viewer.authorization, "--max-time",
            "1",
            "http://127.0.0.1:\(served.gateway.port)\(viewer.path("/events"))",
        ]
        let result = try ChildProcess.run("curl", words)
        #expect(String(decoding: result.output, as: UTF8.self).contains("id: 1\n"))
        #expect(Deadline(seconds: 60).wait { process.descriptorCount <= before })
    }
}
