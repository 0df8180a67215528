public import Telemetry

/// What one event loop has counted since the start.
public final class WorkerCounters: Sendable {
    /// Connections accepted.
    public let connections = Counter()
    /// Connections that have ended.
    public let connectionsClosed = Counter()
    /// Connections that came to speak HTTP/2.
    public let http2Connections = Counter()
    /// Requests answered over HTTP/1.x.
    public let http1Requests = Counter()
    /// HTTP/1.1 connections that were switched to another protocol.
    public let upgrades = Counter()
    /// Requests answered over HTTP/2.
    public let http2Requests = Counter()
    /// HTTP/2 streams refused because too many were open.
    public let http2StreamsRefused = Counter()
    /// HTTP/2 streams reset because of a mistake of the client's.
    public let http2StreamErrors = Counter()
    /// HTTP/2 streams reset because the client did not take the answer.
    public let http2StreamsStalled = Counter()
    /// HTTP/2 requests whose header list was too large.
    public let http2HeadersTooLarge = Counter()
    /// HTTP/2 connections ended for a header block in too many frames.
    public let http2ContinuationFloods = Counter()
    /// HTTP/2 connections ended for too many resets.
    public let http2ResetFloods = Counter()
    /// HTTP/2 connections ended for too many frames that carry nothing.
    public let http2ControlFrameFloods = Counter()

    /// Begins at zero.
    public init() {}
}
