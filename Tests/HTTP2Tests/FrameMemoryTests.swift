import CNghttp2
import Glibc
import Testing

@testable import HTTP2

/// The allocator that nghttp2 gets, called as nghttp2 calls it.
struct FrameMemoryTests {
    private static let blockBytes = 20 * 1024

    private let memory = FrameMemory()
    private let allocator: nghttp2_mem

    init() { allocator = memory.allocator }

    private func resize(_ block: UnsafeMutableRawPointer?, to size: Int) throws -> UnsafeMutableRawPointer {
        try #require(allocator.realloc(block, size, allocator.mem_user_data))
    }

    private func free(_ block: UnsafeMutableRawPointer) { allocator.free(block, allocator.mem_user_data) }

    @Test(arguments: [
        (1, false), (16_383, false), (16_384, true), (20_480, true), (20_481, false), (1 << 20, false),
    ])
    func onlyFrameBuffersAreBlocks(size: Int, isBlock: Bool) throws {
        let block = try resize(nil, to: size)
        #expect((memory.newest == block) == isBlock)
        if isBlock { #expect(UInt(bitPattern: block) % 4096 == 0) }
        memset(block, 7, size)
        free(block)
    }

    @Test func blocksDoNotOverlap() throws {
        let blocks = try (0..<200).map { _ in try resize(nil, to: 16_394) }
        for (number, block) in blocks.enumerated() { memset(block, Int32(number), Self.blockBytes) }
        for (number, block) in blocks.enumerated() {
            let bytes = UnsafeRawBufferPointer(start: block, count: Self.blockBytes)
            #expect(bytes.allSatisfy { $0 == UInt8(number) })
        }
        let addresses = blocks.map { UInt(bitPattern: $0) }.sorted()
        #expect(zip(addresses, addresses.dropFirst()).allSatisfy { $1 - $0 >= UInt(Self.blockBytes) })
        for block in blocks { free(block) }
    }

    @Test func freedBlocksAreUsedAgain() throws {
        let first = try (0..<100).map { _ in try resize(nil, to: 16_384) }
        for block in first { free(block) }
        let second = try (0..<100).map { _ in try resize(nil, to: 16_384) }
        #expect(Set(second).isSubset(of: first) || Set(second).intersection(first).count >= 72)
        for block in second { free(block) }
    }

    @Test(arguments: [(16_384, 20_480), (20_480, 16_384), (16_384, 100), (16_384, 40_960), (16_384, 1 << 20)])
    func resizingKeepsTheContent(from: Int, to: Int) throws {
        let block = try resize(nil, to: from)
        for offset in 0..<from {
            block.storeBytes(of: UInt8(truncatingIfNeeded: offset &* 7), toByteOffset: offset, as: UInt8.self)
        }
        let resized = try resize(block, to: to)
        #expect((resized == block) == (to <= Self.blockBytes))
        let bytes = UnsafeRawBufferPointer(start: resized, count: min(from, to))
        #expect(bytes.enumerated().allSatisfy { $0.element == UInt8(truncatingIfNeeded: $0.offset &* 7) })
        free(resized)
        // A block that was left is there for the next.
        let next = try resize(nil, to: 16_384)
        #expect(next == block)
        free(next)
    }

    @Test func contentThatIsDiscardedIsGoneAndTheBlockIsNot() throws {
        let block = try resize(nil, to: 16_384)
        let neighbour = try resize(nil, to: 16_384)
        memset(block, 1, Self.blockBytes)
        memset(neighbour, 2, Self.blockBytes)
        memory.discardContent(of: block)
        #expect(UnsafeRawBufferPointer(start: block, count: Self.blockBytes).allSatisfy { $0 == 0 })
        #expect(UnsafeRawBufferPointer(start: neighbour, count: Self.blockBytes).allSatisfy { $0 == 2 })
        memset(block, 3, Self.blockBytes)
        #expect(UnsafeRawBufferPointer(start: block, count: Self.blockBytes).allSatisfy { $0 == 3 })
        free(block)
        free(neighbour)
    }

    @Test func otherMemoryIsLeftAlone() throws {
        let plain = try #require(allocator.malloc(20_000, allocator.mem_user_data))
        let zeroed = try #require(allocator.calloc(100, 200, allocator.mem_user_data))
        #expect(UnsafeRawBufferPointer(start: zeroed, count: 20_000).allSatisfy { $0 == 0 })
        memset(plain, 9, 20_000)
        let larger = try resize(plain, to: 50_000)
        #expect(UnsafeRawBufferPointer(start: larger, count: 20_000).allSatisfy { $0 == 9 })
        free(larger)
        free(zeroed)
        allocator.free(nil, allocator.mem_user_data)
    }
}
