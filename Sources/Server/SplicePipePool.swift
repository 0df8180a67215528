import Transport

/// The pipes of one event loop, for large bodies that go from one plain connection to another.
final class SplicePipePool {
    /// The smallest body that is worth a pipe, bytes.
    static let leastBodyBytes: UInt64 = 256 * 1024

    /// Bytes that a pipe is to hold: what a user without privileges may ask for (pipe(7)).
    private static let pipeBytes = 1024 * 1024
    /// Smaller pipes, which the system grants to users who have many, are slower than copying.
    private static let leastPipeBytes = 64 * 1024
    /// The most pipes of all loops: half of what the system grants one user before it makes all further pipes tiny.
    private static let mostOfAllLoops = 32

    private let most: Int
    private var free: [SplicePipe] = []
    private var takenCount = 0

    /// Makes an empty pool, one of `loops`.
    init(loops: Int) { most = max(1, Self.mostOfAllLoops / max(1, loops)) }

    /// An empty pipe, to be given back by ``give(_:)``; `nil` when there are enough already.
    func take() -> SplicePipe? {
        guard takenCount < most else { return nil }
        guard let pipe = free.popLast() ?? (try? SplicePipe(capacity: Self.pipeBytes)),
            pipe.capacity >= Self.leastPipeBytes
        else { return nil }
        takenCount += 1
        return pipe
    }

    /// Takes a pipe back; one with something in it is closed.
    func give(_ pipe: SplicePipe) {
        takenCount -= 1
        if pipe.count == 0 { free.append(pipe) }
    }
}
