import Reactor

/// A notice of one event loop that any thread may post.
struct LoopNotice: Sendable {
    private let bound: LoopBound<Notice>

    /// Names `notice`, which belongs to `loop`.
    init(_ notice: Notice, loop: EventLoop) { bound = LoopBound(notice, loop: loop) }

    /// Posts it, on its loop's thread.
    func post() {
        let bound = bound
        Task(executorPreference: bound.loop) { bound.value.post() }
    }
}
