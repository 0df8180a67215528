import Glibc
import Reactor
import Testing

@Suite struct BlockingPoolTests {
    @Test func resultsComeBackToTheLoop() async throws {
        let harness = try LoopHarness()
        let pool = try BlockingPool(threadCount: 2)
        let results = try await harness.run { loop in
            var results: [Int] = []
            for index in 0..<200 {
                let (value, wasOnLoop) = await pool.run { (index * 2, loop.isCurrent) }
                #expect(!wasOnLoop)
                #expect(loop.isCurrent)
                results.append(value)
            }
            return results
        }
        #expect(results == (0..<200).map { $0 * 2 })
        pool.stop()
    }

    @Test func oneThreadKeepsTheOrder() throws {
        let pool = try BlockingPool(threadCount: 1)
        let order = Shared<[Int]>([])
        let done = try Latch(count: 1)
        for index in 0..<500 { pool.submit { order.withLock { $0.append(index) } } }
        pool.submit { done.countDown() }
        #expect(done.wait(milliseconds: 60_000))
        #expect(order.withLock { $0 } == Array(0..<500))
        pool.stop()
    }

    @Test func jobsRunAtTheSameTime() throws {
        let pool = try BlockingPool(threadCount: 3)
        let arrived = try Latch(count: 3)
        let go = try Latch(count: 1)
        let left = try Latch(count: 3)
        for _ in 0..<3 {
            pool.submit {
                arrived.countDown()
                _ = go.wait()
                go.countDown()
                left.countDown()
            }
        }
        #expect(arrived.wait(milliseconds: 60_000))
        go.countDown()
        #expect(left.wait(milliseconds: 60_000))
        pool.stop()
    }

    @Test func stoppingLetsTheRunningJobEndAndDropsTheOthers() throws {
        let pool = try BlockingPool(threadCount: 1)
        let started = try Latch(count: 1)
        let go = try Latch(count: 1)
        let ran = Shared<[Int]>([])
        pool.submit {
            started.countDown()
            _ = go.wait()
            ran.withLock { $0.append(0) }
        }
        for index in 1..<50 { pool.submit { ran.withLock { $0.append(index) } } }
        #expect(started.wait(milliseconds: 60_000))
        let stopping = try Thread(name: "stop") { pool.stop() }
        // The running job goes on only after stopping has begun, or at the latest after a moment: then the
        // others are dropped all the same, but for those that were faster.
        usleep(20_000)
        go.countDown()
        stopping.join()
        let count = ran.withLock { $0.count }
        #expect(ran.withLock { $0 } == Array(0..<count))
        pool.submit { ran.withLock { $0.append(99) } }
        #expect(ran.withLock { $0.count } == count, "a stopped pool runs nothing")
    }
}
