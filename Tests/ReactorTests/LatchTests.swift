import Reactor
import Testing

@Suite struct LatchTests {
    @Test func opensAtZero() throws {
        let latch = try Latch(count: 3)
        for _ in 0..<3 { latch.countDown() }
        #expect(latch.wait())
    }

    @Test func waitsForOtherThreads() throws {
        let latch = try Latch(count: 4)
        let threads = try (0..<4).map { index in try Thread(name: "t\(index)") { latch.countDown() } }
        #expect(latch.wait(milliseconds: 60_000))
        for thread in threads { thread.join() }
    }

    @Test func givesUpAfterTheTime() throws {
        let latch = try Latch(count: 2)
        latch.countDown()
        #expect(!latch.wait(milliseconds: 1))
    }

    @Test func nothingToWaitFor() throws {
        #expect(try Latch(count: 0).wait(milliseconds: 0))
    }
}
