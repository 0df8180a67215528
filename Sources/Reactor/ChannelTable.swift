/// The channels of one loop by token: a slot index with the slot's generation.
///
/// An event that epoll had already queued for a closed descriptor carries the old generation and finds nothing.
struct ChannelTable {
    /// The token of the loop's own wake-up descriptor, which no slot can have.
    static let wakeupToken = UInt64.max

    private struct Slot {
        var channel: Channel?
        var generation: UInt32
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    mutating func insert(_ channel: Channel) -> UInt64 {
        if let index = free.popLast() {
            slots[Int(index)].channel = channel
            return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
        }
        slots.append(Slot(channel: channel, generation: 0))
        return UInt64(slots.count - 1)
    }

    mutating func remove(_ token: UInt64) {
        let index = Int(token & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return }
        slots[index].channel = nil
        slots[index].generation &+= 1
        free.append(UInt32(index))
    }

    func channel(for token: UInt64) -> Channel? {
        let index = Int(token & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return nil }
        return slots[index].channel
    }
}
