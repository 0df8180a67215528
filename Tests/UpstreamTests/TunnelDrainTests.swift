import Reactor
import Testing

@testable import Upstream

/// How tunnels end when the server stops.
@Suite struct TunnelDrainTests {
    typealias Frames = WebSocketFrames

    private static let webSocket = TunnelFixture.Options.with { $0.content = .webSocket }

    private static func finish(_ fixture: TunnelFixture) async throws {
        try await fixture.client.send(Frames.frame(8, [0x03, 0xe9], isMasked: true))
        try await fixture.server.send(Frames.frame(8, [0x03, 0xe9]))
        #expect(try await fixture.client.endsWithoutMore())
        #expect(try await fixture.server.endsWithoutMore())
        await fixture.waitForEnd()
    }

    @Test(arguments: [false, true])
    func bothSidesGetACloseFrame(hasTalked: Bool) async throws {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.start()
            if hasTalked {
                let question = Frames.frame(1, Array("hello".utf8), isMasked: true)
                try await fixture.client.send(question)
                #expect(try await fixture.server.receive(question.count) == question)
                let answer = Frames.frame(2, [UInt8](repeating: 7, count: 70_000))
                try await fixture.server.send(answer)
                #expect(try await fixture.client.receive(answer.count) == answer)
            }
            fixture.tunnel.drain()
            #expect(try await fixture.client.receive(4) == Frames.goingAway)
            #expect(try await Frames.isMaskedGoingAway(fixture.server.receive(8)))
            // What comes after it is not passed on.
            try await fixture.server.send(Frames.frame(1, [1, 2, 3]))
            try await fixture.client.send(Frames.frame(1, [1, 2, 3], isMasked: true))
            try await Self.finish(fixture)
        }
    }

    /// The close frame waits for the end of the frame that is on its way, wherever that was cut.
    @Test(arguments: [true, false], [5, 200])
    func withinAFrame(isFromClient: Bool, count: Int) async throws {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let frame = Frames.frame(2, payload, isMasked: isFromClient)
        let cuts = count < 100 ? Array(0...frame.count) : [1, 2, 3, 4, 5, 7, 8, 9, 100, frame.count - 1]
        for cut in cuts {
            try await TunnelFixture.with(Self.webSocket) { fixture in
                fixture.start()
                let (sender, receiver) =
                    isFromClient ? (fixture.client, fixture.server) : (fixture.server, fixture.client)
                try await sender.send(Array(frame[..<cut]))
                #expect(try await receiver.receive(cut) == Array(frame[..<cut]))
                fixture.tunnel.drain()
                let isWithin = cut > 0 && cut < frame.count
                try await sender.send(Array(frame[cut...]) + frame)
                if isWithin { #expect(try await receiver.receive(frame.count - cut) == Array(frame[cut...])) }
                let closing = try await receiver.receive(isFromClient ? 8 : 4)
                #expect(isFromClient ? Frames.isMaskedGoingAway(closing) : closing == Frames.goingAway)
                let other = try await sender.receive(isFromClient ? 4 : 8)
                #expect(isFromClient ? other == Frames.goingAway : Frames.isMaskedGoingAway(other))
                try await Self.finish(fixture)
            }
        }
    }

    @Test func aSideThatHasClosedGetsNoSecondCloseFrame() async throws {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.start()
            let close = Frames.frame(8, [0x03, 0xe8])
            try await fixture.server.send(close)
            #expect(try await fixture.client.receive(close.count) == close)
            fixture.tunnel.drain()
            // The client's answer may come or not: the server has one.
            #expect(try await Frames.isMaskedGoingAway(fixture.server.receive(8)))
            try await fixture.client.send(Frames.frame(8, [0x03, 0xe8], isMasked: true))
            #expect(try await fixture.client.endsWithoutMore())
            #expect(try await fixture.server.endsWithoutMore())
            await fixture.waitForEnd()
        }
    }

    @Test func aSideThatEndsInsteadOfAnswering() async throws {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.start()
            fixture.tunnel.drain()
            let closing = try await fixture.client.receive(4)
            #expect(closing == Frames.goingAway)
            fixture.client.finishSending()
            #expect(try await Frames.isMaskedGoingAway(fixture.server.receive(8)))
            fixture.server.finishSending()
            await fixture.waitForEnd()
        }
    }

    @Test func sidesThatDoNotAnswerAreNotWaitedForLong() async throws {
        let options = TunnelFixture.Options.with {
            $0.content = .webSocket
            $0.settings.closeMilliseconds = 50
        }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            try await fixture.client.send([0x82])
            #expect(try await fixture.server.receive(1) == [0x82])
            fixture.tunnel.drain()
            #expect(try await fixture.client.receive(4) == Frames.goingAway)
            #expect(try await fixture.server.endsWithoutMore())
            await fixture.waitForEnd()
            #expect(try await fixture.client.endsWithoutMore())
        }
    }

    @Test(arguments: [Tunnel.Content.opaque, .webSocket], [true, false])
    func whatIsNoWebSocketJustEnds(content: Tunnel.Content, isFromClient: Bool) async throws {
        let options = TunnelFixture.Options.with { $0.content = content }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            let (sender, receiver) =
                isFromClient ? (fixture.client, fixture.server) : (fixture.server, fixture.client)
            try await sender.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await receiver.receiveText(18) == "GET / HTTP/1.1\r\n\r\n")
            fixture.tunnel.drain()
            #expect(try await fixture.client.endsWithoutMore())
            #expect(try await fixture.server.endsWithoutMore())
            await fixture.waitForEnd()
        }
    }

    @Test func framesThatTurnOutToBeNoneWhileItCloses() async throws {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.start()
            try await fixture.client.send([0x81])
            #expect(try await fixture.server.receive(1) == [0x81])
            fixture.tunnel.drain()
            #expect(try await fixture.client.receive(4) == Frames.goingAway)
            try await fixture.client.send([0x05])
            #expect(try await fixture.server.receiveToEnd() == [0x05])
            await fixture.waitForEnd()
        }
    }

    /// However many bytes they are, nothing of them follows the close frame.
    @Test(arguments: [true, false]) func framesThatTurnOutToBeNoneAfterTheCloseFrame(isFromClient: Bool)
        async throws
    {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.start()
            let (sender, receiver) =
                isFromClient ? (fixture.client, fixture.server) : (fixture.server, fixture.client)
            fixture.tunnel.drain()
            let closing = try await receiver.receive(isFromClient ? 8 : 4)
            #expect(isFromClient ? Frames.isMaskedGoingAway(closing) : closing == Frames.goingAway)
            _ = try await sender.receive(isFromClient ? 4 : 8)
            try await sender.send([UInt8](repeating: 0x05, count: 300_000))
            #expect(try await receiver.endsWithoutMore())
            await fixture.waitForEnd()
        }
    }

    @Test func beforeItRuns() async throws {
        try await TunnelFixture.with(Self.webSocket) { fixture in
            fixture.tunnel.drain()
            fixture.start()
            #expect(try await fixture.client.receive(4) == Frames.goingAway)
            #expect(try await Frames.isMaskedGoingAway(fixture.server.receive(8)))
            try await Self.finish(fixture)
        }
    }

    @Test func anIdleWebSocketIsClosedInOrder() async throws {
        let options = TunnelFixture.Options.with {
            $0.content = .webSocket
            $0.settings.idleMilliseconds = 50
        }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            #expect(try await fixture.client.receive(4) == Frames.goingAway)
            #expect(try await Frames.isMaskedGoingAway(fixture.server.receive(8)))
            try await Self.finish(fixture)
        }
    }
}
