import Glibc

/// The signals that steer the process, taken one at a time by the main thread.
@safe
public struct Signals: Sendable {
    private let set: sigset_t

    /// Blocks `signals` for this thread and every thread it starts from now on, so that only ``next()`` sees
    /// them; also makes a write to a closed connection an error instead of a signal.
    public init(blocking signals: [Int32]) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { _ = unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        self.set = set
    }

    /// Lets the calling thread be ended by the signals again.
    public func unblock() {
        var set = set
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for the next of the signals and returns its number.
    public func next() -> Int32 {
        var set = set
        var number: Int32 = 0
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }
}
