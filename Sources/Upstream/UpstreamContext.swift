import Bytes
public import Reactor
public import Telemetry
public import Transport

/// What all connections of one event loop to other servers share.
///
/// It belongs to the loop's thread.
public final class UpstreamContext {
    /// The loop.
    public let loop: EventLoop
    /// Finds the addresses of hosts.
    public let resolver: Resolver
    /// Which certificates are trusted; without it https origins cannot be reached.
    public let tls: TLSClientContext?
    /// Which proxies to use.
    public let proxies: ProxySettings
    /// How long things may take.
    public let timeouts: UpstreamTimeouts
    /// Where repeated attempts are noted.
    let log: Log?

    let scratch = ByteStream.Scratch()
    let buffers = BufferPool()

    /// Puts the parts together.
    public init(
        loop: EventLoop,
        resolver: Resolver,
        tls: TLSClientContext?,
        proxies: ProxySettings = ProxySettings(),
        timeouts: UpstreamTimeouts = UpstreamTimeouts(),
        log: Log? = nil
    ) {
        self.loop = loop
        self.resolver = resolver
        self.tls = tls
        self.proxies = proxies
        self.timeouts = timeouts
        self.log = log
    }
}
