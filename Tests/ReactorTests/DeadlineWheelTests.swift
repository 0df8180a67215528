import Testing

@testable import Reactor

@Suite struct DeadlineWheelTests {
    private func popAll(_ wheel: inout DeadlineWheel, now: Int64) -> [UInt64] {
        var tokens: [UInt64] = []
        while let token = wheel.popDue(now: now) { tokens.append(token) }
        return tokens
    }

    @Test func anEmptyWheelHasNothing() {
        var wheel = DeadlineWheel()
        #expect(popAll(&wheel, now: 0) == [])
        #expect(wheel.nextTick(after: 0) == nil)
    }

    @Test(arguments: [Int64(250), 251, 499, 500, 1000, 123_456_789])
    func nothingComesDueTooEarlyOrMuchTooLate(start: Int64) {
        for delay in stride(from: Int64(0), through: 20_000, by: 333) {
            var wheel = DeadlineWheel()
            let tick = wheel.insert(7, deadline: start + delay, now: start)
            #expect(tick >= start + delay)
            #expect(tick < start + delay + DeadlineWheel.tickMilliseconds)
            #expect(wheel.nextTick(after: start) == tick)
            #expect(popAll(&wheel, now: tick - 1) == [])
            #expect(popAll(&wheel, now: tick) == [7])
            #expect(wheel.nextTick(after: tick) == nil)
        }
    }

    @Test func tokensComeDueInOrder() {
        var wheel = DeadlineWheel()
        let deadlines: [Int64] = [9000, 1000, 5000, 120_000, 3000, 7000]
        for (index, deadline) in deadlines.enumerated() {
            _ = wheel.insert(UInt64(index), deadline: deadline, now: 0)
        }
        var order: [UInt64] = []
        var now: Int64 = 0
        while let next = wheel.nextTick(after: now) {
            now = next
            order += popAll(&wheel, now: now)
        }
        #expect(order == [1, 4, 2, 5, 0, 3])
    }

    /// A jump of the clock over many ticks, and over the whole ring.
    @Test(arguments: [Int64(10_000), 127_750, 128_000, 1_000_000, 100_000_000]) func jumps(now: Int64) {
        var wheel = DeadlineWheel()
        for token in UInt64(0)..<30 { _ = wheel.insert(token, deadline: Int64(token) * 300, now: 0) }
        #expect(popAll(&wheel, now: now) == Array(0..<30))
        let tick = wheel.insert(99, deadline: now + 500, now: now)
        #expect(popAll(&wheel, now: tick - 1) == [])
        #expect(popAll(&wheel, now: tick) == [99])
    }

    @Test func deadlinesBeyondTheRingAreAskedAgain() {
        var wheel = DeadlineWheel()
        let first = wheel.insert(1, deadline: 1_000_000, now: 0)
        #expect(first < 1_000_000)
        #expect(popAll(&wheel, now: first - 1) == [])
        #expect(popAll(&wheel, now: first) == [1])
        var tick = first
        var rounds = 0
        while tick < 1_000_000 {
            tick = wheel.insert(1, deadline: 1_000_000, now: tick)
            #expect(popAll(&wheel, now: tick) == [1])
            rounds += 1
        }
        #expect(tick < 1_000_000 + DeadlineWheel.tickMilliseconds)
        #expect(rounds < 20)
    }

    @Test func aDeadlineInThePastIsDueAtOnce() {
        var wheel = DeadlineWheel()
        _ = wheel.insert(1, deadline: 20_000, now: 10_000)
        let tick = wheel.insert(2, deadline: 0, now: 10_000)
        #expect(tick <= 10_000)
        #expect(popAll(&wheel, now: 10_000) == [2])
    }
}
