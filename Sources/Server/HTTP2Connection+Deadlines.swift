import Bytes
import HTTP2
import Reactor
import Telemetry
import Transport

/// What must have happened by when.
extension HTTP2Connection {
    /// The earliest time at which something must have happened.
    func nextDeadline() -> Int64 {
        min(min(headDeadline, bodyDeadline), min(shutdownDeadline, watch?.deadline ?? .max))
    }

    /// Somebody expects more of a request's body by then.
    func expect(by deadline: Int64) { bodyDeadline = min(bodyDeadline, deadline) }

    /// Sees to what has not happened in time.
    func checkDeadlines() -> ConnectionEnding? {
        let now = context.loop.now
        if now >= headDeadline {
            headDeadline = .max
            terminate(.protocolError)
            _ = try? flush()
            return .linger
        }
        if now >= shutdownDeadline { finishShutdown() }
        if now >= bodyDeadline {
            bodyDeadline = .max
            for case let served? in served {
                bodyDeadline = min(bodyDeadline, served.checkDeadline(now: now))
            }
        }
        return checkProgress(now)
    }

    func finishShutdown() {
        shutdownDeadline = .max
        session.finishShutdown()
        wake()
    }

    /// Ends what the client does not take: single streams that it keeps blocked, or the whole connection.
    func checkProgress(_ now: Int64) -> ConnectionEnding? {
        let isSocketFull = !output.isEmpty || stream.hasPendingOutput
        guard isSocketFull || served.contains(where: { $0?.isSending == true }) else {
            watch = nil
            return nil
        }
        guard var current = watch else {
            watch = newWatch()
            watch?.note(sendQueue: stream.channel.sendQueueBytes)
            return nil
        }
        guard now >= current.deadline else { return nil }
        current.note(sendQueue: stream.channel.sendQueueBytes)
        let isMoving = current.continuesAfterDeadline(now: now)
        if isSocketFull && !isMoving { return .abort }
        watch = isMoving ? current : newWatch()
        for case let current? in served {
            let mayWait = isMoving && !session.isBlocked(current.stream)
            guard current.isStalled(mayWait: mayWait, now: now) else { continue }
            session.reset(current.stream, .cancel)
            context.counters.http2StreamsStalled.add()
            wake()
        }
        return nil
    }

    /// A watch that starts now.
    func newWatch() -> TransferWatch { TransferWatch(limits: context.limits, now: context.loop.now) }
}
