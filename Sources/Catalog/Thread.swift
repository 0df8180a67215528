import Glibc

/// Starts operating-system threads.
enum Thread {
    /// The closure on its way into the new thread.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread, which must be joined or detached.
    ///
    /// - Parameters:
    ///   - name: At most 15 bytes, shown by `ps -T` and `top -H`.
    ///   - body: The thread's work; the thread ends when it returns.
    /// - Returns: The thread's handle.
    /// - Throws: `EAGAIN` when the system has no thread left.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError)
        -> pthread_t
    {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                Thread.nameCurrent(start.name)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(code: code)
        }
        return thread
    }

    /// `pthread_setname_np`, which Glibc declares only under `_GNU_SOURCE`, writes to the same file
    /// (proc(5)).
    private static func nameCurrent(_ name: String) {
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = unsafe write(file, name, name.utf8.count)
        _ = close(file)
    }
}
