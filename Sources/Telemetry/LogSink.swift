import Glibc
public import Reactor
import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that a slow terminal or disk stops nobody.
///
/// What waits is bounded: when the reader of the log is too slow, lines are dropped and counted.
public final class LogSink: Sendable {
    private struct Pending {
        var bytes: [UInt8] = []
        var dropped = 0
        var isStopping = false
        var isSignalled = false
    }

    private static let maximumPendingBytes = 4 * 1024 * 1024

    /// The file's path, or `nil` for the standard error stream.
    private let path: String?
    private let descriptor: Int32
    /// Of the one line that the sink itself writes.
    private let format: Log.Format
    private let pending = Mutex(Pending())
    private let wakeup: Latch
    private let thread = Mutex<Thread?>(nil)

    /// A sink for the standard error stream.
    public static func standardError(format: Log.Format = .text) throws(SystemError) -> LogSink {
        try LogSink(descriptor: 2, path: nil, format: format)
    }

    /// A sink that appends to a file, which is made when it is not there.
    public static func file(_ path: String, format: Log.Format = .text) throws(SystemError) -> LogSink {
        try LogSink(descriptor: open(path).release(), path: path, format: format)
    }

    private static func open(_ path: String) throws(SystemError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        return try unsafe Descriptor(Glibc.open(path, flags, 0o644), from: "open")
    }

    private init(descriptor: Int32, path: String?, format: Log.Format) throws(SystemError) {
        self.format = format
        self.descriptor = descriptor
        self.path = path
        wakeup = try Latch(count: 1)
        let started = try Thread(name: "log") { [self] in run() }
        thread.withLock { $0 = started }
    }

    deinit {
        if path != nil { _ = close(descriptor) }
    }

    /// Queues a line, which must end in a line feed.
    public func write(_ line: [UInt8]) {
        let mustSignal = pending.withLock { pending in
            guard pending.bytes.count + line.count <= Self.maximumPendingBytes else {
                pending.dropped += 1
                return false
            }
            pending.bytes += line
            defer { pending.isSignalled = true }
            return !pending.isSignalled
        }
        if mustSignal { wakeup.countDown() }
    }

    /// Opens a file anew under its path, after something has moved it away; does nothing for the error stream.
    public func reopen() {
        guard let path, let fresh = try? Self.open(path) else { return }
        // The descriptor keeps its number, so a write that is under way at this moment is not disturbed.
        _ = dup2(fresh.raw, descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Writes what is queued and ends the thread.
    ///
    /// Later lines are lost.
    public func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        pending.withLock { $0.isStopping = true }
        wakeup.countDown()
        running?.join()
    }

    private func run() {
        while true {
            _ = wakeup.wait()
            let (bytes, dropped, isStopping) = pending.withLock { pending in
                defer {
                    pending.bytes = []
                    pending.dropped = 0
                    pending.isSignalled = false
                }
                return (pending.bytes, pending.dropped, pending.isStopping)
            }
            writeAll(bytes)
            if dropped > 0 {
                writeAll(
                    Array("gateway: \(dropped) log lines were dropped, the log is read too slowly\n".utf8)
                )
            }
            if isStopping { return }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor,
                    $0.baseAddress.map { unsafe $0 + written },
                    bytes.count - written
                )
            }
            if count < 0 && errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            } else if count < 0 && errno != EINTR {
                return
            }
            written += max(0, count)
        }
    }
}
