extension Configuration {
    /// The running Cellucid servers behind the gateway.
    struct Upstreams: Sendable, Equatable {
        /// Those that are always there, in the order of the listing.
        var servers: [UpstreamOption] = []
        /// The absolute path of a PEM file of certificate authorities to trust besides the system's.
        var certificateAuthorities: String?
        /// Seconds that a server may take until its answer begins, 1 to 86400.
        var answerSeconds = 60
    }
}

/// A running Cellucid server to serve as a dataset.
struct UpstreamOption: Sendable, Equatable {
    /// The URL segment that it is served under.
    var mount: String
    /// Where it listens: scheme, host and port, or `unix:` and a path.
    var url: String
    /// What people call it, if it is not the mount.
    var name: String?
    /// Its dialect; nil to ask it.
    var generation: ServerGeneration?
    /// The name of the web app for its pages, if it is not the usual one; `upstream` for those of the server.
    var webApp: String?
}
