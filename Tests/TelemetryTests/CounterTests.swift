import Reactor
import Telemetry
import Testing

@Suite struct CounterTests {
    @Test(arguments: [([], 0), ([1], 1), ([1, 1, 1], 3), ([5, 0, 7], 12), ([1 << 40, 1 << 40], 1 << 41)])
    func itAddsUp(amounts: [Int], sum: Int) {
        let counter = Counter()
        for amount in amounts { counter.add(amount) }
        #expect(counter.value == UInt64(sum))
    }

    @Test func addingNothingInParticularAddsOne() {
        let counter = Counter()
        counter.add()
        counter.add()
        #expect(counter.value == 2)
    }

    @Test func noCountOfAnyThreadIsLost() throws {
        let counter = Counter()
        let threads = try (0..<4).map { _ in
            try Thread(name: "count") { for _ in 0..<25_000 { counter.add() } }
        }
        for thread in threads { thread.join() }
        #expect(counter.value == 100_000)
    }
}
