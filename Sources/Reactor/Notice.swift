/// Something that one task waits for, with a deadline, and that other code on the same loop posts.
///
/// It belongs to the loop's thread. A notice posted before anybody waits is kept, once.
@safe
public final class Notice {
    private let loop: EventLoop
    private var isPosted = false
    private var waiter: UnsafeContinuation<Bool, Never>?
    /// Number of waits so far, so that the timer of an earlier one ends no later one.
    private var waitCount: UInt64 = 0

    /// Makes a notice that is not posted.
    public init(loop: EventLoop) { self.loop = loop }

    /// Ends the wait, now or when one begins.
    public func post() {
        guard unsafe waiter != nil else {
            isPosted = true
            return
        }
        resume(true)
    }

    /// Waits for ``post()``; only one task may wait.
    /// - Parameter deadline: in the loop's milliseconds (``EventLoop/now``); `.max` for none.
    /// - Returns: `false` when the deadline came first.
    public func wait(until deadline: Int64) async -> Bool {
        if isPosted {
            isPosted = false
            return true
        }
        guard deadline > loop.now else { return false }
        waitCount += 1
        if deadline != .max { startTimer(until: deadline) }
        return unsafe await withUnsafeContinuation { unsafe waiter = $0 }
    }

    private func startTimer(until deadline: Int64) {
        let number = waitCount
        let bound = LoopBound(self, loop: loop)
        Task(executorPreference: loop) {
            await bound.loop.sleep(milliseconds: deadline - bound.loop.now)
            let notice = bound.value
            if notice.waitCount == number { notice.resume(false) }
        }
    }

    private func resume(_ wasPosted: Bool) {
        guard let waiting = unsafe waiter else { return }
        unsafe waiter = nil
        unsafe waiting.resume(returning: wasPosted)
    }
}
