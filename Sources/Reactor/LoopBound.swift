/// A value that belongs to one event loop's thread and may be touched on that thread only.
///
/// It lets such a value be named from anywhere, which the compiler would otherwise refuse, and checks at every
/// access that the thread is the right one. `@unchecked Sendable` because of that check.
public struct LoopBound<Value>: @unchecked Sendable {
    /// The loop whose thread may touch the value.
    public let loop: EventLoop
    private let held: Value

    /// Binds `value` to `loop`.
    public init(_ value: Value, loop: EventLoop) {
        self.loop = loop
        held = value
    }

    /// The value.
    ///
    /// Traps on any other thread than the loop's.
    public var value: Value {
        precondition(loop.isCurrent, "a value of an event loop was touched on another thread")
        return held
    }
}
