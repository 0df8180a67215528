import Reactor
import Testing

@testable import Upstream

/// What goes through a tunnel, and how it ends.
@Suite(.enabled(if: UpstreamCertificates.isAvailable))
struct TunnelTests {
    private static func noise(_ count: Int, seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 2_654_435_761 >> 11) }
    }

    @Test(arguments: [false, true], [false, true])
    func theEndOfOneSideLeavesTheOtherDirectionOpen(isClientTLS: Bool, isServerTLS: Bool) async throws {
        let options = TunnelFixture.Options.with {
            $0.isClientTLS = isClientTLS
            $0.isServerTLS = isServerTLS
        }
        try await TunnelFixture.with(options) { fixture in
            let (client, server) = (fixture.client, fixture.server)
            fixture.start()
            try await client.send("question")
            #expect(try await server.receiveText(8) == "question")
            client.finishSending()
            #expect(try await server.endsWithoutMore())
            let answer = Self.noise(1 << 20, seed: 1)
            let bound = LoopBound(server, loop: fixture.loop)
            let sending = Task(executorPreference: fixture.loop) {
                try await bound.value.send(answer)
                bound.value.finishSending()
            }
            #expect(try await client.receiveToEnd() == answer)
            try await sending.value
            await fixture.waitForEnd()
            #expect(fixture.tunnel.bytesToServer == 8)
            #expect(fixture.tunnel.bytesToClient == 1 << 20)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func muchBothWaysAtOnce(isClientTLS: Bool, isServerTLS: Bool) async throws {
        let options = TunnelFixture.Options.with {
            $0.isClientTLS = isClientTLS
            $0.isServerTLS = isServerTLS
        }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            let loop = fixture.loop
            let there = Self.noise(3_000_001, seed: 2)
            let back = Self.noise(3_000_003, seed: 3)
            let bound = LoopBound((fixture.client, fixture.server), loop: loop)
            let sendings = [
                Task(executorPreference: loop) { try await bound.value.0.send(there) },
                Task(executorPreference: loop) { try await bound.value.1.send(back) },
            ]
            let received = Task(executorPreference: loop) { try await bound.value.1.receive(there.count) }
            #expect(try await fixture.client.receive(back.count) == back)
            #expect(try await received.value == there)
            for sending in sendings { try await sending.value }
        }
    }

    @Test func whatWasReadBeforeGoesFirst() async throws {
        let options = TunnelFixture.Options.with {
            $0.fromClient = "early "
            $0.fromServer = "together "
        }
        try await TunnelFixture.with(options) { fixture in
            try await fixture.client.send("late")
            try await fixture.server.send("after")
            fixture.start()
            #expect(try await fixture.server.receiveText(10) == "early late")
            #expect(try await fixture.client.receiveText(14) == "together after")
        }
    }

    @Test(arguments: [false, true], [false, true])
    func aSlowReaderStopsTheSender(isClientTLS: Bool, isServerTLS: Bool) async throws {
        let options = TunnelFixture.Options.with {
            $0.isClientTLS = isClientTLS
            $0.isServerTLS = isServerTLS
        }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            // What the kernel holds on both connections is far from that.
            let sent = try await fixture.server.flood(limit: 256 << 20)
            #expect(sent < 128 << 20)
            #expect(fixture.tunnel.heldBytes <= 64 * 1024)
            // The other direction goes on meanwhile, and all arrives when it is read.
            try await fixture.client.send("hello")
            #expect(try await fixture.server.receiveText(5) == "hello")
            let bound = LoopBound(fixture.server, loop: fixture.loop)
            let rest = Task(executorPreference: fixture.loop) { try await bound.value.send([]) }
            var received = 0
            while received < sent {
                received += try await fixture.client.receive(min(1 << 20, sent - received)).count
            }
            try await rest.value
            #expect(fixture.tunnel.bytesToClient == UInt64(sent))
            #expect(fixture.tunnel.heldBytes == 0)
        }
    }

    @Test(arguments: [true, false])
    func aSideThatBreaksEndsBoth(isClient: Bool) async throws {
        try await TunnelFixture.with { fixture in
            fixture.start()
            let (broken, other) =
                isClient ? (fixture.client, fixture.server) : (fixture.server, fixture.client)
            try await broken.send("last")
            #expect(try await other.receiveText(4) == "last")
            broken.reset()
            #expect(try await other.endsWithoutMore())
            await fixture.waitForEnd()
        }
    }

    @Test(arguments: [true, false])
    func aSideThatBreaksWhileTheOtherDoesNotRead(isClient: Bool) async throws {
        let options = TunnelFixture.Options.with { $0.settings.closeMilliseconds = 50 }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            let broken = isClient ? fixture.client : fixture.server
            _ = try await broken.flood(limit: 256 << 20)
            broken.reset()
            await fixture.waitForEnd()
        }
    }

    @Test(arguments: [true, false])
    func aReaderThatBreaksEndsTheSender(isClient: Bool) async throws {
        try await TunnelFixture.with { fixture in
            fixture.start()
            let (reader, sender) =
                isClient ? (fixture.client, fixture.server) : (fixture.server, fixture.client)
            _ = try await sender.flood(limit: 256 << 20)
            reader.reset()
            await fixture.waitForEnd()
            #expect(try await sender.endsWithoutMore())
        }
    }

    @Test func anIdleTunnelEnds() async throws {
        let options = TunnelFixture.Options.with { $0.settings.idleMilliseconds = 50 }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            try await fixture.client.send("x")
            #expect(try await fixture.server.receiveText(1) == "x")
            #expect(try await fixture.server.endsWithoutMore())
            #expect(try await fixture.client.endsWithoutMore())
            await fixture.waitForEnd()
        }
    }

    @Test func aHalfClosedTunnelInWhichNothingMovesEnds() async throws {
        let options = TunnelFixture.Options.with { $0.settings.halfClosedMilliseconds = 50 }
        try await TunnelFixture.with(options) { fixture in
            fixture.start()
            fixture.client.finishSending()
            let hasEnded = try await fixture.server.endsWithoutMore()
            #expect(hasEnded)
            await fixture.waitForEnd()
            #expect(try await fixture.client.endsWithoutMore())
        }
    }

    @Test func activityIsNoted() async throws {
        try await TunnelFixture.with { fixture in
            fixture.start()
            // It counts from its beginning, which may come a while after that of the task.
            try await fixture.client.send("x")
            #expect(try await fixture.server.receiveText(1) == "x")
            let begin = fixture.tunnel.lastActivity
            await fixture.loop.sleep(milliseconds: 20)
            #expect(fixture.tunnel.lastActivity == begin)
            try await fixture.server.send("x")
            #expect(try await fixture.client.receiveText(1) == "x")
            #expect(fixture.tunnel.lastActivity >= begin + 20)
        }
    }

    @Test func anInterruptEndsItAtOnce() async throws {
        try await TunnelFixture.with { fixture in
            fixture.start()
            try await fixture.client.send("x")
            #expect(try await fixture.server.receiveText(1) == "x")
            fixture.interrupt()
            await fixture.waitForEnd()
            #expect(try await fixture.client.endsWithoutMore())
        }
    }

    @Test func anAbandonedTunnelClosesTheServersConnection() async throws {
        try await TunnelFixture.with { fixture in
            fixture.tunnel.abandon()
            let hasEnded = try await fixture.server.endsWithoutMore()
            #expect(hasEnded)
        }
    }
}
