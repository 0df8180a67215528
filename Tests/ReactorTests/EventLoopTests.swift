import Reactor
import Testing

@Suite struct EventLoopTests {
    private func plainAsync(_ loop: EventLoop) async -> Bool {
        await loop.yield()
        return loop.isCurrent
    }

    @Test func tasksStayOnTheLoopsThread() async throws {
        let harness = try LoopHarness()
        #expect(!harness.loop.isCurrent)
        let places = try await harness.run { loop in
            var places = [loop.isCurrent]
            await loop.yield()
            places.append(loop.isCurrent)
            await loop.sleep(milliseconds: 1)
            places.append(loop.isCurrent)
            let child = Task(executorPreference: loop) { loop.isCurrent }
            places.append(await child.value)
            await places.append(plainAsync(loop))
            places.append(loop.isCurrent)
            return places
        }
        #expect(places == [true, true, true, true, true, true])
    }

    @Test func jobsComeInFromManyThreads() async throws {
        let harness = try LoopHarness()
        let loop = harness.loop
        let count = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        await Task(executorPreference: loop) {
                            precondition(loop.isCurrent)
                            count.withLock { $0 += 1 }
                        }.value
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(count.withLock { $0 } == 800)
    }

    @Test func sleepersWakeInTheOrderOfTheirDeadlines() async throws {
        let harness = try LoopHarness()
        let order = Shared<[Int]>([])
        try await harness.run { loop in
            await withTaskGroup(of: Void.self) { group in
                for (index, milliseconds) in [30, 2, 20, 1, 10, 0].enumerated() {
                    group.addTask(executorPreference: loop) {
                        await loop.sleep(milliseconds: Int64(milliseconds))
                        order.withLock { $0.append(index) }
                    }
                }
            }
        }
        #expect(order.withLock { $0 } == [5, 3, 1, 4, 2, 0])
    }

    @Test func sleepingTakesAtLeastThatLong() async throws {
        let harness = try LoopHarness()
        let passed = try await harness.run { loop in
            let start = loop.now
            await loop.sleep(milliseconds: 25)
            return loop.now - start
        }
        #expect(passed >= 25)
    }

    /// Two tasks that yield take turns: none is more than one turn ahead.
    @Test func yieldingIsFair() async throws {
        let harness = try LoopHarness()
        let order = Shared<[Int]>([])
        try await harness.run { loop in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<2 {
                    group.addTask(executorPreference: loop) {
                        for _ in 0..<50 {
                            order.withLock { $0.append(index) }
                            await loop.yield()
                        }
                    }
                }
            }
        }
        var lead = 0
        for index in order.withLock({ $0 }) {
            lead += index == 0 ? 1 : -1
            #expect(abs(lead) <= 1)
        }
    }

    /// Jobs that make each other ready for ever must not keep the loop from its events.
    @Test func busyJobsDoNotStarveEvents() async throws {
        let harness = try LoopHarness()
        let isDone = Shared(false)
        let loop = harness.loop
        let busy = Task(executorPreference: loop) {
            while !isDone.withLock({ $0 }) { await Task.yield() }
        }
        try await harness.run { loop in await loop.sleep(milliseconds: 5) }
        isDone.withLock { $0 = true }
        await busy.value
    }

    @Test func aStoppedLoopEnds() throws {
        let loop = try EventLoop()
        let thread = try Thread(name: "loop") { loop.run() }
        loop.stop()
        thread.join()
        let early = try EventLoop()
        early.stop()
        early.run()
    }

    @Test func valuesOfALoop() async throws {
        let harness = try LoopHarness()
        let bound = LoopBound([1, 2, 3], loop: harness.loop)
        #expect(try await harness.run { _ in bound.value } == [1, 2, 3])
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop()
            _ = LoopBound(1, loop: loop).value
        }
    }
}
