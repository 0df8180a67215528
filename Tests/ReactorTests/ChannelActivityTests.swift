import Glibc
import Testing

@testable import Reactor

/// Waiting for whatever happens next, as a connection does that reads and writes at once.
@Suite struct ChannelActivityTests {
    private static let far: Int64 = 60_000

    /// Runs `body` with a channel that has nothing to read, has room to write, and has told all edges so far.
    private func withPair(_ body: @escaping @Sendable (SocketPair, EventLoop) async throws -> Void)
        async throws
    {
        try await LoopHarness.withPair { pair, loop in
            _ = pair.receive()
            // The edge of the registration.
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            try await body(pair, loop)
        }
    }

    @Test func readingEndsTheWait() async throws {
        try await withPair { pair, loop in
            pair.later { $0.send([1]) }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(pair.channel.isReadReady)
            #expect(pair.receive() == [1])
        }
    }

    @Test func roomToWriteEndsTheWait() async throws {
        try await withPair { pair, loop in
            #expect(pair.fill() > 0)
            pair.later { $0.drain() }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(pair.channel.isWriteReady)
            #expect(!pair.channel.isReadReady)
        }
    }

    @Test func theEndOfThePeerEndsTheWait() async throws {
        try await withPair { pair, loop in
            pair.later { shutdown($0.peer, Int32(SHUT_WR)) }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(pair.channel.isPeerClosed)
            #expect(pair.channel.isReadReady)
        }
    }

    @Test func notifyingEndsTheWait() async throws {
        try await withPair { pair, loop in
            pair.later { $0.channel.notify() }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(!pair.channel.isReadReady)
            // It counts once.
            #expect(await pair.channel.waitForActivity(until: loop.now) == .timedOut)
        }
    }

    @Test func whatHappenedBeforeTheWaitCounts() async throws {
        try await withPair { pair, loop in
            pair.channel.notify()
            pair.channel.notify()
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(await pair.channel.waitForActivity(until: loop.now) == .timedOut)
            pair.send([1])
            while !pair.channel.isReadReady { await loop.yield() }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
            #expect(await pair.channel.waitForActivity(until: loop.now) == .timedOut)
            #expect(pair.channel.isReadReady, "readiness is not forgotten with the activity")
        }
    }

    @Test func theDeadlinePasses() async throws {
        try await withPair { pair, loop in
            let deadline = loop.now + 10
            #expect(await pair.channel.waitForActivity(until: deadline) == .timedOut)
            #expect(loop.now >= deadline)
            // Afterwards all is as before.
            pair.later { $0.channel.notify() }
            #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
        }
    }

    @Test func interruptsEndTheWait() async throws {
        try await withPair { pair, loop in
            pair.later { $0.channel.interrupt() }
            #expect(await pair.channel.waitForActivity(until: .max) == .interrupted)
            pair.channel.notify()
            #expect(
                await pair.channel.waitForActivity(until: .max) == .interrupted,
                "whatever else has happened"
            )
        }
    }

    /// Only a wait for activity is ended by `notify`.
    @Test func notifyingDoesNotEndAWaitForReading() async throws {
        try await withPair { pair, loop in
            let bound = LoopBound(pair, loop: loop)
            Task(executorPreference: loop) {
                await loop.yield()
                bound.value.channel.notify()
                await loop.yield()
                bound.value.send([5])
            }
            #expect(await pair.channel.waitReadable(until: loop.now + Self.far) == .ready)
            #expect(pair.receive() == [5])
        }
    }

    @Test func manyNotificationsBetweenTwoTasks() async throws {
        try await withPair { pair, loop in
            let count = Shared(0)
            let bound = LoopBound(pair, loop: loop)
            let notifier = Task(executorPreference: loop) {
                for _ in 0..<1_000 {
                    count.withLock { $0 += 1 }
                    bound.value.channel.notify()
                    await loop.yield()
                }
            }
            // Every notification is seen, alone or with others.
            var seen = 0
            while seen < 1_000 {
                #expect(await pair.channel.waitForActivity(until: loop.now + Self.far) == .ready)
                seen = count.withLock { $0 }
            }
            await notifier.value
        }
    }

    @Test func theLimitOfUnsentBytesIsSet() async throws {
        let harness = try LoopHarness()
        try await harness.run { loop in
            let kind =
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let channel = try Channel(Descriptor(socket(AF_INET, kind, 0), from: "socket"), loop: loop)
            defer { channel.close() }
            channel.limitUnsent(bytes: 98_304)
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            #expect(getsockopt(channel.descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &value, &size) == 0)
            #expect(value == 98_304)
        }
    }
}
