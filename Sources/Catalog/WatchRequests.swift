import Glibc
import Reactor
internal import Synchronization

/// What other threads ask of the watcher's thread, with a descriptor that wakes it.
final class WatchRequests: Sendable {
    struct Pending {
        var stop = false
        var rescan = false
    }

    /// Readable when there is something to take.
    let wakeDescriptor: Int32

    private let wakingEnd: Int32
    private let pending = Mutex(Pending())

    /// - Throws: The error of creating the socket pair.
    init() throws(SystemError) {
        // A socket pair, unlike a pipe, is created non-blocking and close-on-exec in one portable call.
        var pair: (Int32, Int32) = (-1, -1)
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let result = unsafe withUnsafeMutableBytes(of: &pair) { bytes in
            unsafe socketpair(AF_UNIX, type, 0, bytes.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard result == 0 else { throw .last("socketpair") }
        (wakeDescriptor, wakingEnd) = pair
    }

    deinit {
        _ = close(wakeDescriptor)
        _ = close(wakingEnd)
    }

    /// Adds to what is pending and wakes the thread.
    func post(_ change: (inout Pending) -> Void) {
        defer { extendLifetime(self) }
        pending.withLock { change(&$0) }
        var byte: UInt8 = 1
        // A full socket is fine: then the thread has not yet taken an earlier wake-up.
        _ = unsafe send(wakingEnd, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    /// Takes what is pending; a stop stays pending.
    func take() -> Pending {
        var bytes: (UInt64, UInt64) = (0, 0)
        while unsafe read(wakeDescriptor, &bytes, 16) > 0 {}
        return pending.withLock { pending in
            defer { pending.rescan = false }
            return pending
        }
    }
}
