import Reactor
import Viewers

/// Somebody on an event loop who waits for events of a viewer.
///
/// It belongs to the loop's thread, and to a ``SubscriberResponder``, which ends the wait when its time has come or the
/// gateway stops.
final class EventWait {
    /// Milliseconds of the loop at which the wait is to end.
    var deadline: Int64
    /// Whether nobody waits for the events any more, or the gateway stops.
    private(set) var isOver = false

    private let subscriber: Subscriber
    private let notice: Notice
    private let remote: LoopNotice

    /// Makes a wait that has not begun.
    init(_ subscriber: Subscriber, loop: EventLoop, deadline: Int64) {
        self.subscriber = subscriber
        self.deadline = deadline
        notice = Notice(loop: loop)
        remote = LoopNotice(notice, loop: loop)
    }

    deinit { subscriber.unwatch(ObjectIdentifier(self)) }

    /// Has what happens from now on end the next wait; to be called before looking whether something has happened.
    func arm() { subscriber.watch(remote, of: ObjectIdentifier(self)) }

    /// Waits until something may have happened.
    func wait() async { _ = await notice.wait(until: .max) }

    /// Lets whoever waits look again.
    func wake() { notice.post() }

    /// Ends the wait for good.
    func end() {
        isOver = true
        notice.post()
    }
}
