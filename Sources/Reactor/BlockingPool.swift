import CLinux
import Glibc
import Synchronization

/// A few threads for what may block: opening cold files, scanning folders, compressing.
///
/// Results come back to the caller's event loop through its inbox.
public final class BlockingPool: Sendable {
    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isStopping = false
    }

    private let queue = Mutex(Queue())
    /// Counts the queued jobs: an event descriptor in semaphore mode, on which idle threads block.
    private let available: Int32
    private let threads: Mutex<[Thread]>

    /// Starts the threads.
    /// - Parameters:
    ///   - threadCount: how many jobs run at the same time; at least 1.
    ///   - name: what the threads are called, before their numbers.
    /// - Throws: `SystemError` when the system refuses a descriptor or a thread.
    public init(threadCount: Int, name: String = "blocking") throws(SystemError) {
        precondition(threadCount > 0)
        let flags = Int32(EFD_CLOEXEC | EFD_SEMAPHORE)
        available = try Descriptor(eventfd(0, flags), from: "eventfd").release()
        threads = Mutex([])
        for index in 0..<threadCount {
            let thread = try Thread(name: "\(name)-\(index)") { [self] in work() }
            threads.withLock { $0.append(thread) }
        }
    }

    deinit { _ = close(available) }

    /// Runs `job` on one of the threads and gives back what it returned.
    public func run<Result: Sendable>(_ job: @escaping @Sendable () -> Result) async -> Result {
        unsafe await withUnsafeContinuation { continuation in
            submit { unsafe continuation.resume(returning: job()) }
        }
    }

    /// Queues `job` without waiting for it.
    public func submit(_ job: @escaping @Sendable () -> Void) {
        queue.withLock { $0.jobs.append(job) }
        signal(1)
    }

    /// Lets the running jobs end, drops the queued ones, and joins the threads.
    public func stop() {
        queue.withLock { $0.isStopping = true }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        signal(UInt64(running.count))
        for thread in running { thread.join() }
    }

    private func signal(_ count: UInt64) {
        var count = count
        _ = unsafe write(available, &count, 8)
    }

    private func work() {
        while true {
            var count: UInt64 = 0
            guard unsafe read(available, &count, 8) == 8 || errno == EINTR else { return }
            let job: (@Sendable () -> Void)? = queue.withLock { queue in
                if queue.isStopping || queue.head == queue.jobs.count { return nil }
                let job = queue.jobs[queue.head]
                // What the job has is to go with it, not when its place in the queue is used again.
                queue.jobs[queue.head] = {}
                queue.head += 1
                if queue.head > 64, queue.head * 2 > queue.jobs.count {
                    queue.jobs.removeFirst(queue.head)
                    queue.head = 0
                }
                return job
            }
            if let job { job() }
            if queue.withLock({ $0.isStopping }) { return }
        }
    }
}
