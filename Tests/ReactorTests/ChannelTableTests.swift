import Testing

@testable import Reactor

@Suite struct ChannelTableTests {
    @Test func tokensOfClosedChannelsFindNothing() async throws {
        let harness = try LoopHarness()
        try await harness.run { loop in
            let pairs = try (0..<3).map { _ in try SocketPair(loop) }
            var table = ChannelTable()
            let tokens = pairs.map { table.insert($0.channel) }
            #expect(Set(tokens).count == 3)
            for (token, pair) in zip(tokens, pairs) { #expect(table.channel(for: token) === pair.channel) }
            table.remove(tokens[1])
            #expect(table.channel(for: tokens[1]) == nil)
            #expect(table.channel(for: tokens[2]) === pairs[2].channel)
            let again = table.insert(pairs[1].channel)
            #expect(again & 0xffff_ffff == tokens[1] & 0xffff_ffff, "the slot is used again")
            #expect(again != tokens[1])
            #expect(table.channel(for: tokens[1]) == nil)
            table.remove(tokens[1])
            #expect(table.channel(for: again) === pairs[1].channel, "an old token removes nothing")
            #expect(table.channel(for: 1 << 20) == nil)
            #expect(table.channel(for: ChannelTable.wakeupToken) == nil)
            for pair in pairs { pair.close() }
        }
    }
}
