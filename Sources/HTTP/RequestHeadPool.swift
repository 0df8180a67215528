import Bytes

/// Heads that are not in use, for one thread.
public final class RequestHeadPool {
    private static let maximumKept = 256

    private var free: [RequestHead] = []

    /// Makes an empty pool.
    public init() {}

    /// An empty head.
    public func take() -> RequestHead { free.popLast() ?? RequestHead() }

    /// Takes a head back; one that has grown large is released instead.
    public func give(_ head: RequestHead) {
        guard free.count < Self.maximumKept, head.storage.capacity <= 16 * 1024 else { return }
        head.reset()
        free.append(head)
    }
}
