/// Coarse deadlines of many channels: a ring of ticks, each with the tokens that are due then.
///
/// Tokens are never taken out: a channel that made progress keeps its entry and is asked again when the entry
/// comes due, which costs less than moving it at every request. Deadlines beyond the ring are put at its end
/// and asked again from there.
struct DeadlineWheel {
    /// Milliseconds of one tick, which is how late a deadline may fire.
    static let tickMilliseconds: Int64 = 250
    private static let tickCount = 512

    private var ring = [[UInt64]](repeating: [], count: tickCount)
    private var entryCount = 0
    /// The tick that is to be looked at next.
    private var cursor: Int64 = -1

    /// Adds a token.
    /// - Returns: the monotonic milliseconds at which it comes due.
    mutating func insert(_ token: UInt64, deadline: Int64, now: Int64) -> Int64 {
        let current = now / Self.tickMilliseconds
        if cursor < 0 || entryCount == 0 { cursor = current }
        // Beyond the ring all deadlines are the same, and the last of all must not overflow.
        let nearest = min(deadline, now + Self.tickMilliseconds * Int64(Self.tickCount))
        let wanted = (nearest + Self.tickMilliseconds - 1) / Self.tickMilliseconds
        let tick = min(max(wanted, cursor), cursor + Int64(Self.tickCount) - 1)
        ring[Int(tick % Int64(Self.tickCount))].append(token)
        entryCount += 1
        return tick * Self.tickMilliseconds
    }

    /// Takes one token that is due, or gives `nil` when none is.
    mutating func popDue(now: Int64) -> UInt64? {
        if entryCount == 0 { return nil }
        let current = now / Self.tickMilliseconds
        while cursor <= current {
            let slot = Int(cursor % Int64(Self.tickCount))
            if let token = ring[slot].popLast() {
                entryCount -= 1
                return token
            }
            if cursor == current { return nil }
            cursor += 1
        }
        return nil
    }

    /// Monotonic milliseconds of the next tick that has a token, or `nil` when there is none at all.
    func nextTick(after now: Int64) -> Int64? {
        if entryCount == 0 { return nil }
        for offset in 0..<Int64(Self.tickCount) {
            let tick = cursor + offset
            if !ring[Int(tick % Int64(Self.tickCount))].isEmpty { return tick * Self.tickMilliseconds }
        }
        return nil
    }
}
