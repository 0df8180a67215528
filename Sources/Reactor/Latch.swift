import CLinux
import Glibc

/// A count that threads bring down to zero while another waits for it.
public final class Latch: Sendable {
    private let descriptor: Int32
    private let count: Int

    /// Makes a latch.
    /// - Parameter count: how many times ``countDown()`` will be called.
    /// - Throws: `SystemError` when the system gives no event descriptor.
    public init(count: Int) throws(SystemError) {
        self.count = count
        descriptor = try Descriptor(eventfd(0, Int32(EFD_CLOEXEC | EFD_SEMAPHORE)), from: "eventfd").release()
    }

    deinit { _ = close(descriptor) }

    /// Takes one off.
    ///
    /// May be called from any thread.
    public func countDown() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Blocks until the count is zero.
    /// - Parameter milliseconds: how long to wait at the most; for ever when `nil`.
    /// - Returns: `false` when the time ran out first.
    public func wait(milliseconds: Int64? = nil) -> Bool {
        let deadline = milliseconds.map { Clock.monotonicMilliseconds() + $0 }
        for _ in 0..<count {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline.map { Int32(clamping: max(0, $0 - Clock.monotonicMilliseconds())) } ?? -1
            guard unsafe poll(&waiting, 1, left) == 1 else { return false }
            var value: UInt64 = 0
            _ = unsafe read(descriptor, &value, 8)
        }
        return true
    }
}
