extension Configuration {
    /// HTTP/2 (RFC 9113): where it is spoken, and how much of a connection one client may take.
    struct HTTP2: Sendable, Equatable {
        /// Whether TLS clients are offered HTTP/2 by ALPN (RFC 7301), beside HTTP/1.1.
        var isEnabled = true
        /// Whether a port without TLS takes HTTP/2 from clients that begin with it, by prior knowledge (RFC 9113
        /// section 3.3), beside HTTP/1.1; not together with ``Configuration/tls``.
        var isCleartextAllowed = false
        /// The most streams that a client may have open on a connection at one time, 1 to 1000.
        var maxStreams = 128
        /// The most bytes of a request's header list, 1024 to 1048576, counted with 32 more for each field (RFC
        /// 9113 section 6.5.2).
        var maxHeaderBytes = 65_536
        /// The most CONTINUATION frames of one header block, 1 to 8.
        var maxContinuations = 8
        /// Streams a second that a client may reset or make the gateway reset, 1 to 10000, averaged over 10
        /// seconds.
        var resetsPerSecond = 50
        /// Frames a second that a client may send without carrying anything, such as PING and SETTINGS, 1 to
        /// 100000, averaged over 10 seconds.
        var controlFramesPerSecond = 100
    }
}
