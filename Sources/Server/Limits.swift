public import HTTP
public import HTTP2

/// Times and sizes beyond which a connection is ended.
public struct Limits: Sendable {
    /// Sizes of a request's head.
    public var requestHead = RequestParser.Limits()
    /// Milliseconds within which a head must be complete, from its first byte; also for a TLS handshake.
    public var headerMilliseconds: Int64 = 20_000
    /// Milliseconds that a connection may stay open without a request.
    public var idleMilliseconds: Int64 = 75_000
    /// Milliseconds after which an idle connection gives up its task, which makes it small, until the next request.
    public var parkMilliseconds: Int64 = 250
    /// With more connections than this that have a task, idle ones give theirs up at once.
    public var unparkedConnections = 256
    /// Milliseconds within which a body, in either direction, must move ``minimumBytesPerStall`` bytes.
    public var stallMilliseconds: Int64 = 30_000
    /// Bytes that must move in each ``stallMilliseconds``: slow lines live, a peer that only pretends does not.
    public var minimumBytesPerStall: UInt64 = 4096
    /// Bytes of a request body that nobody wanted which are read away to keep the connection.
    public var drainBytes: UInt64 = 256 * 1024
    /// Milliseconds to wait for a peer to take an error answer before its connection is closed.
    public var lingerMilliseconds: Int64 = 5_000
    /// Bytes of a refused request that are read away meanwhile, so that a client that is still sending gets to see why.
    public var lingerBytes: UInt64 = 64 << 20
    /// Connections of one event loop.
    public var connections = 50_000

    /// What HTTP/2 announces and allows.
    public var http2 = HTTP2Settings()
    /// Whether a port without TLS takes HTTP/2 from clients that begin with it (RFC 9113 section 3.3).
    public var isHTTP2CleartextAllowed = false

    /// The standard limits.
    public init() {}
}
