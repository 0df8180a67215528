import Bytes
import Reactor
import Server
import Viewers

/// The events of a viewer as a body that goes on until the viewer is closed, the client leaves or the gateway stops
/// (HTML Living Standard, 9.2).
///
/// Only when the client has taken one batch is the next one read from the log, so a slow client costs no more than a batch.
final class EventStream: BodySource {
    /// How long a client waits before it connects again.
    private static let retryMilliseconds = 1000
    /// After how much silence a comment is sent, which proxies and clients take for a sign of life.
    private static let heartbeatMilliseconds: Int64 = 15_000
    /// The most bytes of events that are read at once.
    static let batchBytes = 64 * 1024

    private let subscriber: Subscriber
    private let responder: SubscriberResponder
    private let wait: EventWait
    /// What the stream begins with, until it has been sent.
    private var first: EventBatch?
    private var cursor: UInt64

    /// Makes the body.
    /// - Parameters:
    ///   - subscriber: the viewer.
    ///   - first: the events that it begins with.
    ///   - exchange: whose answer it is.
    ///   - responder: what ends all streams of the loop when the gateway stops.
    init(
        _ subscriber: Subscriber,
        from first: EventBatch,
        _ exchange: Exchange,
        _ responder: SubscriberResponder
    ) {
        self.subscriber = subscriber
        self.first = first
        cursor = first.cursor
        self.responder = responder
        wait = responder.beginWait(subscriber, milliseconds: Self.heartbeatMilliseconds)
        exchange.whenClientGoes { [wait] in wait.end() }
    }

    deinit { responder.endWait(wait) }

    func pull(into buffer: ByteBuffer) async throws -> Bool {
        if let first {
            self.first = nil
            EventText.append(retryMilliseconds: Self.retryMilliseconds, to: buffer)
            EventText.append(first, to: buffer)
            sent()
            return true
        }
        while true {
            wait.arm()
            if wait.isOver || subscriber.isClosed { return false }
            if subscriber.hasNews(after: cursor), try await appendNews(to: buffer) { return true }
            if responder.now >= wait.deadline {
                responder.keepInUse(subscriber.id)
                buffer.append(EventText.heartbeat)
                sent()
                return true
            }
            await wait.wait()
        }
    }

    private func appendNews(to buffer: ByteBuffer) async throws -> Bool {
        let batch: EventBatch
        switch await subscriber.read(after: cursor, mostBytes: Self.batchBytes) {
        case .success(let read): batch = read
        case .failure(let error):
            responder.report(error)
            throw error
        }
        cursor = batch.cursor
        EventText.append(batch, to: buffer)
        if buffer.isEmpty { return false }
        sent()
        return true
    }

    private func sent() { wait.deadline = responder.now + Self.heartbeatMilliseconds }
}
