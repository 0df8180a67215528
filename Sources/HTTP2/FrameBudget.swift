import CNghttp2

/// Decides how many frames without use a client may send: pure, it is told the time.
///
/// Two budgets that refill with time, one for stream resets and one for frames that carry nothing. Frames that
/// the server's own sending calls for are free: WINDOW_UPDATE frames up to two for each DATA frame that was sent.
struct FrameBudget {
    private struct Bucket {
        let capacity: Int64
        let perSecond: Int64
        /// In thousandths, so that refilling each millisecond loses nothing.
        var level: Int64

        init(perSecond: Int) {
            self.perSecond = Int64(perSecond)
            capacity = Int64(perSecond) * Int64(HTTP2Settings.averagedSeconds) * 1000
            level = capacity
        }

        mutating func refill(milliseconds: Int64) {
            // Longer than it takes to fill it is all the same, and cannot overflow.
            let elapsed = min(milliseconds, Int64(HTTP2Settings.averagedSeconds) * 1000)
            level = min(capacity, level + elapsed * perSecond)
        }

        mutating func take() { level -= 1000 }

        var isOverdrawn: Bool { level < 0 }
    }

    private static let windowUpdatesPerDataFrame = 2
    /// WINDOW_UPDATE and priority frames that a request usually brings along.
    private static let controlFramesPerRequest = 4
    /// A DATA frame with less than this, and not the last of its stream, counts as carrying nothing.
    private static let smallDataBytes = 64

    private var resets: Bucket
    private var controlFrames: Bucket
    private var lastRefill: Int64
    private var freeFrames = 0

    init(_ settings: HTTP2Settings, now: Int64) {
        resets = Bucket(perSecond: settings.resetsPerSecond)
        controlFrames = Bucket(perSecond: settings.controlFramesPerSecond)
        lastRefill = now
    }

    /// What the client has overdone, if anything.
    var violation: HTTP2Violation? {
        if resets.isOverdrawn { return .resets }
        return controlFrames.isOverdrawn ? .controlFrames : nil
    }

    /// Lets time pass.
    /// - Parameter now: monotonic milliseconds.
    mutating func advance(to now: Int64) {
        guard now > lastRefill else { return }
        resets.refill(milliseconds: now - lastRefill)
        controlFrames.refill(milliseconds: now - lastRefill)
        lastRefill = now
    }

    /// Notes a frame that was received.
    mutating func note(received frame: FrameScanner.Header) {
        switch UInt32(frame.type) {
        case NGHTTP2_DATA.rawValue:
            let isLast = frame.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if frame.length < Self.smallDataBytes && !isLast { controlFrames.take() }
        case NGHTTP2_HEADERS.rawValue: freeFrames += Self.controlFramesPerRequest
        case NGHTTP2_CONTINUATION.rawValue: break
        case NGHTTP2_RST_STREAM.rawValue: resets.take()
        case NGHTTP2_WINDOW_UPDATE.rawValue, NGHTTP2_PRIORITY.rawValue, NGHTTP2_PRIORITY_UPDATE.rawValue:
            if freeFrames > 0 {
                freeFrames -= 1
            } else {
                controlFrames.take()
            }
        default: controlFrames.take()
        }
    }

    /// Notes that the client made the server reset a stream.
    mutating func noteProvokedReset() { resets.take() }

    /// Notes a DATA frame that was sent, which the client will acknowledge by opening its windows again.
    mutating func noteSentData() { freeFrames += Self.windowUpdatesPerDataFrame }
}
