import Glibc
import Testing

@testable import Reactor

@Suite struct ChannelTests {
    @Test func waitsUntilThereIsSomethingToRead() async throws {
        let received = try await LoopHarness.withPair { pair, loop in
            #expect(pair.channel.isReadReady, "a new channel is tried first")
            #expect(pair.receive() == [])
            #expect(!pair.channel.isReadReady)
            pair.later { $0.send([1, 2, 3]) }
            #expect(await pair.channel.waitReadable(until: loop.now + 30_000) == .ready)
            let received = pair.receive()
            #expect(!pair.channel.isReadReady)
            return received
        }
        #expect(received == [1, 2, 3])
    }

    @Test func waitsUntilThereIsRoomToWrite() async throws {
        try await LoopHarness.withPair { pair, loop in
            #expect(await pair.channel.waitWritable(until: loop.now) == .ready)
            // The edge of the registration must not be taken for one that comes after the buffer was full.
            await loop.sleep(milliseconds: 1)
            #expect(pair.fill() > 0)
            #expect(!pair.channel.isWriteReady)
            pair.later { $0.drain() }
            #expect(await pair.channel.waitWritable(until: loop.now + 30_000) == .ready)
            #expect(pair.fill() > 0)
        }
    }

    @Test func deadlinesPass() async throws {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            await loop.sleep(milliseconds: 1)
            _ = pair.fill()
            let deadline = loop.now + 10
            #expect(await pair.channel.waitReadable(until: deadline) == .timedOut)
            #expect(loop.now >= deadline)
            #expect(await pair.channel.waitReadable(until: loop.now - 1000) == .timedOut)
            #expect(await pair.channel.waitWritable(until: loop.now + 1) == .timedOut)
        }
    }

    /// The entry of an earlier wait comes due during a later one that may take longer.
    @Test func anEarlierDeadlineDoesNotEndALaterWait() async throws {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            pair.send([1])
            #expect(await pair.channel.waitReadable(until: loop.now + 100) == .ready)
            _ = pair.receive()
            pair.later(milliseconds: 600) { $0.send([2]) }
            #expect(await pair.channel.waitReadable(until: loop.now + 30_000) == .ready)
        }
    }

    @Test func interruptsEndReading() async throws {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            let bound = LoopBound(pair, loop: loop)
            Task(executorPreference: loop) { bound.value.channel.interrupt() }
            #expect(await pair.channel.waitReadable(until: .max) == .interrupted)
            #expect(await pair.channel.waitReadable(until: .max) == .interrupted)
            pair.send([1])
            await loop.sleep(milliseconds: 1)
            #expect(
                await pair.channel.waitReadable(until: .max) == .ready,
                "what has come is still to be read"
            )
            #expect(pair.channel.isInterrupted)
        }
    }

    /// Lets a wait for reading begin at a channel that can be neither read nor written.
    private func beginReading(_ pair: SocketPair, _ loop: EventLoop) async -> Task<Readiness, Never> {
        _ = pair.receive()
        await loop.sleep(milliseconds: 1)
        _ = pair.fill()
        let bound = LoopBound(pair, loop: loop)
        return Task(executorPreference: loop) {
            await bound.value.channel.waitReadable(until: loop.now + 30_000)
        }
    }

    /// An interrupt leaves what is being written alone.
    @Test func cancellingEndsReadingAndWriting() async throws {
        try await LoopHarness.withPair { pair, loop in
            let reading = await beginReading(pair, loop)
            let bound = LoopBound(pair, loop: loop)
            Task(executorPreference: loop) {
                bound.value.channel.interrupt()
                await loop.sleep(milliseconds: 1)
                bound.value.channel.cancel()
            }
            #expect(await pair.channel.waitWritable(until: loop.now + 30_000) == .interrupted)
            #expect(await reading.value == .interrupted)
            #expect(await pair.channel.waitWritable(until: .max) == .interrupted)
            #expect(await pair.channel.waitReadable(until: .max) == .interrupted)
            pair.drain()
            await loop.sleep(milliseconds: 1)
            #expect(await pair.channel.waitWritable(until: .max) == .ready)
        }
    }

    /// With both waits under way.
    @Test func cancellingBothAtOnce() async throws {
        try await LoopHarness.withPair { pair, loop in
            let reading = await beginReading(pair, loop)
            pair.later { $0.channel.cancel() }
            #expect(await pair.channel.waitWritable(until: loop.now + 30_000) == .interrupted)
            #expect(await reading.value == .interrupted)
        }
    }

    @Test func theEndOfThePeerIsReadable() async throws {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            let bound = LoopBound(pair, loop: loop)
            Task(executorPreference: loop) { bound.value.closePeer() }
            #expect(await pair.channel.waitReadable(until: loop.now + 30_000) == .ready)
            #expect(pair.channel.isPeerClosed)
            #expect(pair.receive() == [])
            #expect(pair.channel.isReadReady, "the end can be read as often as one likes")
        }
    }

    /// Both come in one event, and no further edge tells of the end.
    @Test func dataAndTheEndAtOnce() async throws {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            pair.send([1, 2, 3])
            pair.closePeer()
            #expect(await pair.channel.waitReadable(until: loop.now + 30_000) == .ready)
            #expect(pair.receive() == [1, 2, 3])
            #expect(await pair.channel.waitReadable(until: loop.now + 30_000) == .ready)
            #expect(pair.receive() == [])
        }
    }

    /// Channels close each other although the events of all are there already.
    @Test func closingChannelsWithEventsUnderWay() async throws {
        let harness = try LoopHarness()
        try await harness.run { loop in
            for _ in 0..<20 {
                let pairs = try (0..<10).map { _ in try SocketPair(loop) }
                for pair in pairs { _ = pair.receive() }
                let bound = LoopBound(pairs, loop: loop)
                let first = Task(executorPreference: loop) {
                    let pairs = bound.value
                    _ = await pairs[0].channel.waitReadable(until: loop.now + 30_000)
                    for pair in pairs { pair.channel.close() }
                    // The same descriptor numbers and slots are used again at once.
                    let others = try pairs.map { _ in try SocketPair(loop) }
                    for other in others { _ = other.receive() }
                    await loop.yield()
                    #expect(others.allSatisfy { !$0.channel.isReadReady })
                    for other in others { other.close() }
                }
                await loop.yield()
                for pair in pairs.reversed() { pair.send([1]) }
                try await first.value
                for pair in pairs { pair.closePeer() }
            }
        }
    }

    @Test func parkedChannelsWakeWithoutATask() async throws {
        try await LoopHarness.withPair { pair, loop in
            let woken = Shared<[Readiness]>([])
            let note: (Readiness) -> Void = { readiness in woken.withLock { $0.append(readiness) } }
            pair.channel.park(until: loop.now + 30_000, note)
            #expect(woken.withLock { $0 } == [.ready], "a new channel is tried first")
            _ = pair.receive()
            pair.channel.park(until: loop.now + 30_000, note)
            pair.send([1])
            await loop.sleep(milliseconds: 5)
            #expect(woken.withLock { $0 } == [.ready, .ready])
            _ = pair.receive()
            pair.channel.park(until: loop.now + 10, note)
            await loop.sleep(milliseconds: 600)
            #expect(woken.withLock { $0 } == [.ready, .ready, .timedOut])
            pair.channel.park(until: loop.now + 30_000, note)
            pair.channel.interrupt()
            pair.channel.park(until: loop.now + 30_000, note)
            #expect(woken.withLock { $0 } == [.ready, .ready, .timedOut, .interrupted, .interrupted])
        }
    }
}
