import Synchronization

/// A number that only grows; counted on one thread, read on any.
public final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Begins at zero.
    public init() {}

    /// Adds to it.
    public func add(_ amount: Int = 1) { count.wrappingAdd(UInt64(amount), ordering: .relaxed) }

    /// The count so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }
}
