import CLinux
import Glibc
public import Reactor

/// A pipe of the kernel through which bytes go from one plain stream to another without being copied through this
/// process (splice(2)).
///
/// It belongs to one thread.
public final class SplicePipe {
    /// Bytes that are inside.
    public private(set) var count = 0
    /// The most bytes that it holds; fewer when they come in small pieces.
    public let capacity: Int

    private static let flags = UInt32(GATEWAY_SPLICE_F_MOVE | GATEWAY_SPLICE_F_NONBLOCK)

    private let inlet: Descriptor
    private let outlet: Descriptor

    /// Makes a pipe.
    /// - Parameter capacity: bytes; the system grants less to users who have many large pipes already (pipe(7)).
    /// - Throws: `SystemError`.
    public init(capacity: Int) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        let result = unsafe pipe2(&ends, O_NONBLOCK | O_CLOEXEC)
        guard result == 0 else { throw .last("pipe2") }
        outlet = try Descriptor(ends[0], from: "pipe2")
        inlet = try Descriptor(ends[1], from: "pipe2")
        let granted = fcntl(ends[1], Int32(GATEWAY_F_SETPIPE_SZ), Int32(clamping: capacity))
        self.capacity = Int(granted > 0 ? granted : fcntl(ends[1], Int32(GATEWAY_F_GETPIPE_SZ)))
    }

    /// Moves bytes in.
    /// - Returns: what splice(2) returns.
    func fill(from descriptor: Int32, most: Int) -> Int {
        let moved = splice(descriptor, nil, inlet.raw, nil, most, Self.flags)
        if moved > 0 { count += moved }
        return moved
    }

    /// Moves bytes out.
    /// - Returns: what splice(2) returns.
    func drain(into descriptor: Int32, moreFollows: Bool) -> Int {
        let flags = moreFollows ? Self.flags | UInt32(GATEWAY_SPLICE_F_MORE) : Self.flags
        let moved = splice(outlet.raw, nil, descriptor, nil, count, flags)
        if moved > 0 { count -= moved }
        return moved
    }
}
