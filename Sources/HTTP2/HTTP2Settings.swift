/// What a server announces to its HTTP/2 clients, and what it puts up with from them.
///
/// WebSockets over HTTP/2 would begin here: by announcing `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441 section 3).
public struct HTTP2Settings: Sendable, Equatable {
    /// Streams that a client may have open at once (RFC 9113 section 5.1.2).
    public var maxStreams = 128
    /// The most bytes of a request's header list, counted with 32 for each field (RFC 9113 section 6.5.2).
    public var maxHeaderBytes = 65_536
    /// The most CONTINUATION frames of one header block.
    public var maxContinuations = 8
    /// Streams a second that a client may reset or make the server reset, averaged over ``averagedSeconds``.
    public var resetsPerSecond = 50
    /// Frames a second that carry nothing, averaged over ``averagedSeconds``.
    public var controlFramesPerSecond = 100

    /// Bytes of a request's body that a client may send before they are read.
    public static let streamWindowBytes = 256 * 1024
    /// The same for all bodies of a connection together.
    public static let connectionWindowBytes = 1024 * 1024
    /// Bytes of a request's body that are still received and dropped when the answer is complete: some clients lose an
    /// answer whose stream is reset while they are sending.
    public static let dropBytes = 4 * 1024 * 1024
    /// Seconds over which rates are averaged: that many seconds' worth may come at once.
    public static let averagedSeconds = 10

    /// The standard settings.
    public init() {}
}
