/// A free list of equally large buffers for one thread, so that idle connections hold none.
public final class BufferPool {
    private var free: [ByteBuffer] = []
    private let bufferCapacity: Int
    private let maximumKept: Int

    /// Makes an empty pool.
    /// - Parameters:
    ///   - bufferCapacity: bytes of each buffer.
    ///   - maximumKept: how many unused buffers are kept for later.
    public init(bufferCapacity: Int = 16 * 1024, maximumKept: Int = 256) {
        self.bufferCapacity = bufferCapacity
        self.maximumKept = maximumKept
    }

    /// Number of buffers that were taken and not given back.
    public private(set) var takenCount = 0

    /// An empty buffer, from the free list where there is one; to be given back by ``give(_:)``.
    public func take() -> ByteBuffer {
        takenCount &+= 1
        return free.popLast() ?? ByteBuffer(capacity: bufferCapacity)
    }

    /// Takes a buffer back; one that has grown is released instead.
    public func give(_ buffer: consuming ByteBuffer) {
        takenCount &-= 1
        guard buffer.capacity == bufferCapacity, free.count < maximumKept else { return }
        buffer.removeAll()
        free.append(buffer)
    }
}
