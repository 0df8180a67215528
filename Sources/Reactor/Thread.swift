import CLinux
import Glibc

/// A POSIX thread with a name.
@safe
public struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread.
    /// - Parameters:
    ///   - name: shown by `ps -L` and debuggers; at most 15 bytes count.
    ///   - body: what it runs.
    /// - Throws: `SystemError` when the system has no room for another thread.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, nil, threadEntry, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(code: code, call: "pthread_create")
        }
        handle = thread
    }

    /// Waits until the thread has ended.
    public func join() {
        _ = pthread_join(handle, nil)
    }

    /// Lets the thread end by itself, with nobody to wait for it.
    public func detach() {
        _ = pthread_detach(handle)
    }

    /// Whether the calling thread is this one.
    public var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }
}

private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func threadEntry(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    _ = unsafe pthread_setname_np(pthread_self(), String(start.name.prefix(15)))
    start.body()
    return nil
}
