import CLinux
import Glibc
import Synchronization

/// One thread's event loop: epoll, timers, an inbox, and the Swift executor of everything that runs on it.
///
/// A task made with a loop as its executor preference runs on the loop's thread, and so do the plain `async`
/// functions that it calls.
/// A turn of the loop is: wait for events, resume whoever waited for them, take in what other threads sent,
/// fire deadlines, run the jobs that became ready.
///
/// `@unchecked Sendable`: apart from ``enqueue(_:)``, ``stop()`` and the inbox behind them, which lock, everything
/// is used on the loop's own thread only.
@safe
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var stopping = false
    }

    /// How often jobs that were made ready by other jobs are run before the loop looks for events again.
    private static let jobRoundsPerTurn = 8
    private static let eventsPerTurn = 256

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Mutex(Inbox())
    private let thread = Atomic<UInt>(0)

    private var ready: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var channels = ChannelTable()
    private var deadlines = DeadlineWheel()
    private var sleepers: [Sleeper] = []
    private var yielded: [UnsafeContinuation<Void, Never>] = unsafe []

    /// Monotonic milliseconds, read once a turn.
    public private(set) var now: Int64

    /// Unix time in seconds, read once a turn.
    public private(set) var unixSeconds: Int64

    @safe
    private struct Sleeper {
        let deadline: Int64
        let continuation: UnsafeContinuation<Void, Never>
    }

    /// Makes a loop; ``run()`` makes it turn.
    /// - Throws: `SystemError` when the system gives no epoll or event descriptor.
    public init() throws(SystemError) {
        let epoll = try Descriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), from: "epoll_create1")
        let flags = Int32(EFD_CLOEXEC | EFD_NONBLOCK)
        let wakeup = try Descriptor(eventfd(0, flags), from: "eventfd")
        guard
            gateway_epoll_add(epoll.raw, wakeup.raw, EPOLLIN.rawValue, ChannelTable.wakeupToken) == 0
        else { throw SystemError.last("epoll_ctl") }
        self.epoll = epoll.release()
        self.wakeup = wakeup.release()
        now = Clock.monotonicMilliseconds()
        unixSeconds = Clock.unixSeconds()
    }

    deinit {
        _ = close(epoll)
        _ = close(wakeup)
    }

    // MARK: Turning

    /// Turns the loop on the calling thread until ``stop()``.
    public func run() {
        thread.store(UInt(pthread_self()), ordering: .releasing)
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventsPerTurn)
        defer { unsafe events.deallocate() }
        while true {
            runReadyJobs()
            let count = unsafe epoll_wait(epoll, events, Int32(Self.eventsPerTurn), waitMilliseconds())
            now = Clock.monotonicMilliseconds()
            unixSeconds = Clock.unixSeconds()
            for index in 0..<max(0, Int(count)) {
                let token = unsafe gateway_epoll_token(events + index)
                if token == ChannelTable.wakeupToken {
                    if takeInbox() { return }
                } else if let channel = channels.channel(for: token) {
                    unsafe channel.handle(events: events[index].events)
                }
            }
            fireDeadlines()
            resumeYielded()
        }
    }

    /// Ends ``run()`` after the current turn.
    ///
    /// May be called from any thread.
    public func stop() {
        inbox.withLock { $0.stopping = true }
        wake()
    }

    private func runReadyJobs() {
        for _ in 0..<Self.jobRoundsPerTurn where !ready.isEmpty {
            swap(&ready, &running)
            for job in running { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
            running.removeAll(keepingCapacity: true)
        }
    }

    private func waitMilliseconds() -> Int32 {
        if unsafe !ready.isEmpty || !yielded.isEmpty { return 0 }
        var deadline = deadlines.nextTick(after: now)
        if let first = sleepers.last { deadline = min(deadline ?? .max, first.deadline) }
        guard let deadline else { return -1 }
        return Int32(clamping: max(0, deadline - now))
    }

    private func takeInbox() -> Bool {
        var count: UInt64 = 0
        _ = unsafe read(wakeup, &count, 8)
        return inbox.withLock { inbox in
            ready.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            return inbox.stopping
        }
    }

    private func fireDeadlines() {
        while let token = deadlines.popDue(now: now) {
            guard let channel = channels.channel(for: token) else { continue }
            channel.deadlineTickPassed()
        }
        while let first = sleepers.last, first.deadline <= now {
            sleepers.removeLast()
            unsafe first.continuation.resume()
        }
    }

    private func resumeYielded() {
        if unsafe yielded.isEmpty { return }
        let waiting = unsafe yielded
        unsafe yielded.removeAll(keepingCapacity: true)
        for index in unsafe 0..<waiting.count { unsafe waiting[index].resume() }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = unsafe write(wakeup, &one, 8)
    }

    // MARK: Being an executor

    /// Whether the calling thread is this loop's.
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Queues a job; from another thread, through the inbox.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            ready.append(job)
            return
        }
        let isFirst = inbox.withLock { inbox in
            inbox.jobs.append(job)
            return inbox.jobs.count == 1
        }
        if isFirst { wake() }
    }

    // MARK: Waiting

    /// Lets every other connection that is ready take its turn first.
    public func yield() async {
        unsafe await withUnsafeContinuation { unsafe yielded.append($0) }
    }

    /// Returns after `milliseconds`, at the earliest.
    public func sleep(milliseconds: Int64) async {
        let deadline = now + max(0, milliseconds)
        unsafe await withUnsafeContinuation { continuation in
            let place = sleepers.firstIndex { $0.deadline <= deadline } ?? sleepers.endIndex
            unsafe sleepers.insert(Sleeper(deadline: deadline, continuation: continuation), at: place)
        }
    }

    // MARK: Channels

    /// Watches `channel`'s descriptor, edge-triggered, in both directions.
    func register(_ channel: Channel) throws(SystemError) {
        let token = channels.insert(channel)
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        guard gateway_epoll_add(epoll, channel.descriptor, events, token) == 0 else {
            channels.remove(token)
            throw SystemError.last("epoll_ctl")
        }
        channel.token = token
    }

    func unregister(_ channel: Channel) { channels.remove(channel.token) }

    /// Sees to it that ``Channel/deadlineTickPassed()`` is called soon after `deadline`.
    func schedule(_ channel: Channel, deadline: Int64) -> Int64 {
        deadlines.insert(channel.token, deadline: deadline, now: now)
    }
}
