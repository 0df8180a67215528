public import Bytes
import HTTP
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
    /// For what goes through tunnels.
    let tunnelBuffers = BufferPool(bufferCapacity: 64 * 1024, maximumKept: 32)

    private var heads: [ResponseHead] = []

    /// An empty head, to be given back by ``give(_:)-head``.
    func takeHead() -> ResponseHead { heads.popLast() ?? ResponseHead() }

    /// Takes a head back that nobody uses any more.
    func give(_ head: ResponseHead) {
        guard heads.count < 256 else { return }
        head.reset()
        heads.append(head)
    }

    /// An empty buffer, to be given back by ``give(_:)``.
    public func takeBuffer() -> ByteBuffer { buffers.take() }

    /// Takes a buffer back.
    public func give(_ buffer: ByteBuffer) { buffers.give(buffer) }

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
