import CLinux
import Glibc

/// Why a wait for a channel ended.
public enum Readiness: Sendable {
    /// Reading or writing may move bytes now, or tell of an error.
    case ready
    /// The deadline came first.
    case timedOut
    /// ``Channel/interrupt()`` was called, to end an idle connection, or ``Channel/cancel()``.
    case interrupted
}

/// A non-blocking descriptor watched by an event loop.
///
/// It is watched edge-triggered from registration to close, so a channel costs one `epoll_ctl` in its life. The
/// two flags remember what the edges said; whoever gets `EAGAIN`, or fewer bytes than asked for, clears them
/// with ``readWouldBlock()`` and ``writeWouldBlock()``. At most one task waits for each direction.
@safe
public final class Channel {
    /// The descriptor, owned: it is closed by ``close()``.
    public let descriptor: Int32
    /// The loop whose thread may use this channel.
    public let loop: EventLoop

    /// Whether reading may move bytes.
    public private(set) var isReadReady = true
    /// Whether writing may move bytes.
    public private(set) var isWriteReady = true
    /// Whether the peer has ended its side, or the connection broke.
    public private(set) var isPeerClosed = false
    /// Whether the connection broke: reading what has come may go on for a while, writing does not.
    public private(set) var isBroken = false
    /// Whether ``interrupt()`` or ``cancel()`` was called.
    public private(set) var isInterrupted = false
    /// Whether ``cancel()`` was called.
    private var isCancelled = false
    /// Whether ``close()`` was called: the descriptor may be somebody else's by now.
    public private(set) var isClosed = false

    var token: UInt64 = 0
    private var ended: (() -> Void)?
    private var hasActivity = false
    private var isWatchingActivity = false
    private var reader: UnsafeContinuation<Readiness, Never>?
    private var parked: ((Readiness) -> Void)?
    private var writer: UnsafeContinuation<Readiness, Never>?
    private var deadline = Int64.max
    private var scheduledTick = Int64.max

    /// Takes ownership of `descriptor`, which must be non-blocking, and watches it.
    /// - Throws: `SystemError` when epoll does not take it; it is closed then.
    public init(_ descriptor: consuming Descriptor, loop: EventLoop) throws(SystemError) {
        self.loop = loop
        self.descriptor = descriptor.release()
        do throws(SystemError) {
            try loop.register(self)
        } catch {
            _ = Glibc.close(self.descriptor)
            isClosed = true
            throw error
        }
    }

    deinit { precondition(isClosed, "a channel must be closed by its owner") }

    /// Stops watching and closes the descriptor.
    ///
    /// Nobody may be waiting.
    public func close() {
        if isClosed { return }
        isClosed = true
        loop.unregister(self)
        _ = Glibc.close(descriptor)
    }

    /// Bytes that were written and that the peer has not acknowledged yet; 0 once it is closed.
    public var sendQueueBytes: Int { isClosed ? 0 : max(0, Int(gateway_send_queue(descriptor))) }

    /// Notes that nothing is left to read.
    ///
    /// Once the peer has closed, reading stays ready: the end of the stream is still to be read and no
    /// further edge will tell.
    public func readWouldBlock() { isReadReady = isPeerClosed }

    /// Notes that the kernel's send buffer is full.
    public func writeWouldBlock() { isWriteReady = false }

    /// Waits until reading may move bytes.
    /// - Parameter deadline: in the loop's milliseconds (``EventLoop/now``); it may fire up to half a second late.
    /// - Returns: why the wait ended.
    public func waitReadable(until deadline: Int64) async -> Readiness {
        if isReadReady { return .ready }
        if isInterrupted { return .interrupted }
        arm(deadline)
        return unsafe await withUnsafeContinuation { unsafe reader = $0 }
    }

    /// Waits until writing may move bytes.
    /// - Parameter deadline: in the loop's milliseconds (``EventLoop/now``); it may fire up to half a second late.
    /// - Returns: why the wait ended.
    public func waitWritable(until deadline: Int64) async -> Readiness {
        if isWriteReady { return .ready }
        if isCancelled { return .interrupted }
        arm(deadline)
        return unsafe await withUnsafeContinuation { unsafe writer = $0 }
    }

    /// Waits until reading or writing may move bytes that could not be moved before, or until ``notify()``.
    ///
    /// For a connection that does several things at once; what happened since the last such wait counts too.
    /// - Parameter deadline: in the loop's milliseconds (``EventLoop/now``); it may fire up to half a second late.
    /// - Returns: why the wait ended.
    public func waitForActivity(until deadline: Int64) async -> Readiness {
        if isInterrupted { return .interrupted }
        if hasActivity {
            hasActivity = false
            return .ready
        }
        arm(deadline)
        isWatchingActivity = true
        let readiness = unsafe await withUnsafeContinuation { unsafe reader = $0 }
        isWatchingActivity = false
        hasActivity = false
        return readiness
    }

    /// Ends a wait for activity, now or when one begins.
    public func notify() {
        hasActivity = true
        if isWatchingActivity { resumeReader(.ready) }
    }

    /// Keeps the kernel from taking more than `bytes` that it cannot send yet, so that what is written later and is
    /// more urgent does not wait behind them.
    public func limitUnsent(bytes: Int32) {
        set(TCP_NOTSENT_LOWAT, bytes, level: Int32(IPPROTO_TCP))
    }

    /// Makes the system ask a TCP peer that says nothing for a minute whether it is still there, and break the
    /// connection when it does not answer for another minute (tcp(7)).
    public func probeIdlePeer() {
        set(SO_KEEPALIVE, 1, level: SOL_SOCKET)
        set(TCP_KEEPIDLE, 60, level: Int32(IPPROTO_TCP))
        set(TCP_KEEPINTVL, 15, level: Int32(IPPROTO_TCP))
        set(TCP_KEEPCNT, 4, level: Int32(IPPROTO_TCP))
    }

    private func set(_ option: Int32, _ value: Int32, level: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends a wait for reading, now or when one begins: the connection is to finish.
    public func interrupt() {
        isInterrupted = true
        resumeReader(.interrupted)
    }

    /// Ends a wait for reading and one for writing, now or when one begins: nobody needs the connection any more.
    public func cancel() {
        isCancelled = true
        interrupt()
        resumeWriter(.interrupted)
    }

    /// Waits for reading without a task: calls `wake` on the loop's thread when reading may move bytes, the
    /// deadline has come or ``interrupt()`` is called.
    ///
    /// A suspended task keeps its memory; thousands of idle connections are better parked.
    public func park(until deadline: Int64, _ wake: @escaping (Readiness) -> Void) {
        if isReadReady { return wake(.ready) }
        if isInterrupted { return wake(.interrupted) }
        arm(deadline)
        parked = wake
    }

    /// Takes ``park(until:_:)`` back: its closure is not called any more.
    public func unpark() { parked = nil }

    /// Calls `action` once, on the loop's thread, when the peer ends its side or the connection breaks, or at once if that
    /// has happened; `nil` takes an earlier one back.
    public func whenPeerEnds(_ action: (() -> Void)?) {
        if isPeerClosed, let action { return action() }
        ended = action
    }

    private func arm(_ deadline: Int64) {
        self.deadline = deadline
        if scheduledTick - DeadlineWheel.tickMilliseconds > deadline {
            scheduledTick = loop.schedule(self, deadline: deadline)
        }
    }

    private func resumeReader(_ readiness: Readiness) {
        if let wake = parked {
            parked = nil
            wake(readiness)
            return
        }
        guard let waiting = unsafe reader else { return }
        unsafe reader = nil
        unsafe waiting.resume(returning: readiness)
    }

    private func resumeWriter(_ readiness: Readiness) {
        guard let waiting = unsafe writer else { return }
        unsafe writer = nil
        unsafe waiting.resume(returning: readiness)
    }

    func handle(events: UInt32) {
        let ended = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
        if events & ended != 0 { isPeerClosed = true }
        if events & EPOLLERR.rawValue != 0 { isBroken = true }
        if isPeerClosed, let action = self.ended {
            self.ended = nil
            action()
        }
        hasActivity = true
        if events & (EPOLLIN.rawValue | ended) != 0 {
            isReadReady = true
            resumeReader(.ready)
        }
        if events & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            isWriteReady = true
            resumeWriter(.ready)
            if isWatchingActivity { resumeReader(.ready) }
        }
    }

    func deadlineTickPassed() {
        // Entries of the wheel are never removed, so an older one may come due first.
        guard scheduledTick <= loop.now else { return }
        scheduledTick = .max
        guard unsafe reader != nil || writer != nil || parked != nil else { return }
        if deadline > loop.now {
            scheduledTick = loop.schedule(self, deadline: deadline)
            return
        }
        resumeReader(.timedOut)
        resumeWriter(.timedOut)
    }
}
