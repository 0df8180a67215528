extension Configuration {
    /// HTTP/2: where it is spoken, and what is put up with from its clients.
    struct HTTP2: Sendable, Equatable {
        /// Whether the TLS port offers it.
        var isEnabled = true
        /// Whether a port without TLS takes it from clients that begin with it.
        var isCleartextAllowed = false
        /// The most streams of a connection at one time.
        var maxStreams = 128
        /// The most bytes of a request's header list.
        var maxHeaderBytes = 65_536
        /// The most CONTINUATION frames of one header block.
        var maxContinuations = 8
        /// Stream resets a second.
        var resetsPerSecond = 50
        /// Frames that carry nothing a second.
        var controlFramesPerSecond = 100
    }
}
