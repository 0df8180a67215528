import Testing

@testable import Bytes

@Suite struct BufferPoolTests {
    @Test func aBufferThatCameBackIsGivenOutAgainEmpty() {
        let pool = BufferPool(bufferCapacity: 32, maximumKept: 4)
        let buffer = pool.take()
        #expect(buffer.capacity == 32)
        buffer.append([1, 2, 3])
        pool.give(buffer)
        let again = pool.take()
        #expect(again === buffer)
        #expect(again.isEmpty)
        let other = pool.take()
        #expect(other !== buffer)
    }

    @Test func aBufferThatHasGrownIsNotKept() {
        let pool = BufferPool(bufferCapacity: 32, maximumKept: 4)
        let buffer = pool.take()
        buffer.reserve(33)
        pool.give(buffer)
        #expect(pool.take() !== buffer)
    }

    @Test func takenOnesAreCounted() {
        let pool = BufferPool(bufferCapacity: 32, maximumKept: 1)
        let buffers = (0..<3).map { _ in pool.take() }
        #expect(pool.takenCount == 3)
        for buffer in buffers { pool.give(buffer) }
        #expect(pool.takenCount == 0)
        _ = pool.take()
        #expect(pool.takenCount == 1)
    }

    @Test func noMoreThanTheMaximumAreKept() {
        let pool = BufferPool(bufferCapacity: 32, maximumKept: 2)
        let buffers = (0..<3).map { _ in pool.take() }
        for buffer in buffers { pool.give(buffer) }
        let kept = (0..<3).map { _ in pool.take() }.filter { taken in buffers.contains { $0 === taken } }
        #expect(kept.count == 2)
    }
}
