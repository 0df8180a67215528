/// Decides whether a slow transfer is still worth waiting for: pure, it is told the time.
///
/// Time is cut into windows of the stall limit; each must move the least number of bytes. So a big upload on a
/// slow line lives and a peer that sends a byte now and then does not.
struct TransferWatch {
    private let window: Int64
    private let minimum: UInt64
    private var windowEnd: Int64
    private var moved: UInt64 = 0
    private var sendQueue: Int?

    /// Starts the first window.
    init(limits: Limits, now: Int64) {
        window = limits.stallMilliseconds
        minimum = limits.minimumBytesPerStall
        windowEnd = now + window
    }

    /// Until when to wait for the next byte.
    var deadline: Int64 { windowEnd }

    /// Notes progress.
    mutating func note(_ bytes: Int) { moved += UInt64(bytes) }

    /// Notes how much of what was written the peer has not acknowledged: what has become less has moved.
    ///
    /// The kernel takes megabytes at once and then nothing until much of it has drained, so bytes written alone would
    /// make a slow reader look like a dead one.
    mutating func note(sendQueue bytes: Int) {
        if let sendQueue, bytes < sendQueue { moved += UInt64(sendQueue - bytes) }
        sendQueue = bytes
    }

    /// Whether to go on although the deadline has passed; begins the next window if so.
    mutating func continuesAfterDeadline(now: Int64) -> Bool {
        guard moved >= minimum else { return false }
        moved = 0
        windowEnd = now + window
        return true
    }
}
