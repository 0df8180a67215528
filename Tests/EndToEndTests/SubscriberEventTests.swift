import Glibc
import TestSupport
import Testing

/// Events of a viewer on their way to the script that follows it.
@Suite struct SubscriberEventTests {
    @Test("Events come with their numbers, at once, and as they were sent")
    func stream() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let stream = try viewer.follow()
        #expect(stream.head["cache-control"] == "no-store")
        #expect(stream.head["x-accel-buffering"] == "no")
        #expect(try stream.next()?.retry == "1000")
        for number in 1...3 {
            try viewer.post([number])
            let event = try stream.nextEvent()
            #expect(event?.id == "\(number)")
            #expect(event?.event == "viewer")
            #expect(event?.data == [viewer.event(number)])
        }
        // Line feeds in the text of an event do not cut it off.
        let lines = "{\"type\":\"x\",\r\n\"viewerId\":\n\"v1\"}"
        _ = try served.connect().post("/cells/_cellucid/events", lines)
        #expect(try stream.nextEvent()?.data == ["{\"type\":\"x\",", "\"viewerId\":", "\"v1\"}"])
    }

    /// JavaScript reads no `NaN`, and what stands for it is longer.
    @Test("An event of the largest size, full of numbers that JSON does not have, is kept")
    func largestWithoutNumbers() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        let (start, end) = ("{\"viewerId\":\"v1\",\"values\":[0", "]}")
        let count = (1 << 20 - start.utf8.count - end.utf8.count) / 4
        let event = start + String(repeating: ",NaN", count: count) + end
        let answer = try served.connect().post("/cells/_cellucid/events", event)
        #expect(answer.text == "{\"status\":\"ok\",\"delivered\":true}")
        let kept = try viewer.poll("wait=0&cursor=0")["events"]?.elements.first?["event"]?["values"]?.elements
        #expect(kept?.count == count + 1)
        #expect(kept?.last == .null)
    }

    @Test("A stream goes on where the client was", arguments: 0...5)
    func resume(last: Int) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...5)
        let stream = try viewer.follow(after: "\(last)")
        let rest = Array((last + 1)..<6)
        #expect(try stream.events(rest.count).map(\.cell) == rest)
        try viewer.post([6])
        #expect(try stream.nextEvent()?.cell == 6)
    }

    @Test(
        "A cursor that the gateway has not given begins anew, and that is said once",
        arguments: ["99", "x", "-1"]
    )
    func foreignCursor(cursor: String) throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...2)
        let stream = try viewer.follow(after: cursor)
        let blocks = try stream.events(3)
        #expect(blocks.map(\.event) == ["resync", "viewer", "viewer"])
        #expect(blocks[0].data == ["{\"first\":1}"])
        #expect(blocks.map(\.id) == ["0", "1", "2"])
        try viewer.post([3])
        #expect(try stream.nextEvent()?.event == "viewer")
        #expect(try viewer.poll("wait=0&cursor=\(cursor)")["resync"] == .number(1))
    }

    @Test("A cursor that is too old is told once how much is missing")
    func oldCursor() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        // More than the log keeps.
        try viewer.post(1...20, padding: 1_000_000)
        let stream = try viewer.follow(after: "1")
        let marker = try #require(try stream.nextEvent())
        #expect(marker.event == "resync")
        let first = try #require(try JSON(Array(marker.data.joined().utf8))["first"])
        var numbers: [Int] = []
        while numbers.last != 20 { numbers.append(try #require(try stream.nextEvent()?.cell)) }
        #expect(first == .number(Double(numbers[0])))
        #expect(numbers == Array(numbers[0]...20))
        #expect(numbers[0] > 2)
        // Whoever comes back after the marker, before the first event, hears of it no more.
        let again = try viewer.follow(after: marker.id)
        #expect(try again.nextEvent()?.cell == numbers[0])
        // A client that has nothing yet misses nothing.
        #expect(try viewer.follow().nextEvent()?.cell == numbers[0])
    }

    @Test("Asking again and again instead of a stream")
    func longPoll() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        #expect(try viewer.poll("wait=0") == .object(["cursor": .number(0), "events": .array([])]))
        try viewer.post(1...3)
        let all = try viewer.poll("wait=60")
        #expect(all.keys == ["cursor", "events"])
        #expect(all["cursor"] == .number(3))
        #expect(all["events"]?.elements.map(\.keys) == Array(repeating: ["event", "id", "time"], count: 3))
        #expect(all["events"]?.elements.compactMap { $0["id"] } == [.number(1), .number(2), .number(3)])
        #expect(all["events"]?.elements[2]["event"]?["cell"] == .number(3))
        #expect(try viewer.poll("cursor=2&wait=60")["events"]?.elements.count == 1)
        #expect(try viewer.poll("cursor=3&wait=1") == .object(["cursor": .number(3), "events": .array([])]))

        let waiting = try served.connect()
        try waiting.send("GET", viewer.path("/events?wait=60&cursor=3"), [viewer.authorization])
        try viewer.post([4])
        let answer = try JSON(try waiting.readResponse().body)
        #expect(answer["cursor"] == .number(4))
        // The field counts as well, the parameter more.
        try waiting.send("GET", viewer.path("/events?wait=0"), [viewer.authorization, "Last-Event-ID: 3"])
        #expect(try JSON(try waiting.readResponse().body)["events"]?.elements.count == 1)
        for wait in ["61", "-1", "x", "1.5", "99999999999999999999"] {
            #expect(try viewer.ask("GET", "/events?wait=\(wait)").status == 400, "\(wait)")
        }
    }

    @Test("Large events come in batches that fit, none too large for one")
    func batches() throws {
        let served = try ServedExport()
        let viewer = try SubscribedViewer("v1", at: served.gateway.port)
        try viewer.post(1...8, padding: 100_000)
        try viewer.post([9], padding: 1_048_000)
        var cursor = 0
        var numbers: [Double] = []
        while numbers.last != 9 {
            let batch = try viewer.poll("wait=0&cursor=\(cursor)")
            let events = try #require(batch["events"]).elements
            #expect(events.count <= 2)
            for event in events {
                if case .number(let number)? = event["event"]?["cell"] { numbers.append(number) }
            }
            cursor = Int(try #require(numbers.last))
        }
        #expect(numbers == (1...9).map(Double.init))
    }

    @Test("Several scripts follow one viewer, each from where it is, and viewers do not mix")
    func several() throws {
        let served = try ServedExport()
        let one = try SubscribedViewer("one", at: served.gateway.port)
        let two = try SubscribedViewer("two", at: served.gateway.port)
        let early = try one.follow()
        try one.post([1, 2])
        try two.post([10, 11])
        let late = try one.follow(after: "1")
        try one.post([3])
        #expect(try early.events(3).map(\.cell) == [1, 2, 3])
        #expect(try late.events(2).map(\.cell) == [2, 3])
        let other = try two.follow().events(2)
        #expect(other.map(\.cell) == [10, 11])
        #expect(other.map(\.id) == ["1", "2"])
    }

    @Test("Floods of hovering of many viewers: nothing is lost, each in its order, and others go on")
    func flood() throws {
        let served = try ServedExport()
        let viewers = try (0..<20).map { try SubscribedViewer("v\($0)", at: served.gateway.port) }
        let selecting = try SubscribedViewer("selecting", at: served.gateway.port)
        // All at once: the answers are read only afterwards.
        let connections = try viewers.map { viewer in
            let connection = try served.connect()
            for number in 1...100 {
                let event = viewer.event(number)
                let fields = ["Content-Length: \(event.utf8.count)"]
                try connection.send(connection.request("POST", "/_cellucid/events", fields) + event)
            }
            return connection
        }
        try selecting.post([1])
        for connection in connections {
            for _ in 1...100 {
                #expect(
                    try connection.readResponse(to: "POST").text == "{\"status\":\"ok\",\"delivered\":true}"
                )
            }
        }
        for viewer in viewers {
            #expect(try viewer.follow().events(100).map(\.cell) == Array(1...100))
        }
    }
}
