public import Bytes
import HTTP
public import Reactor
public import Telemetry
public import Transport

/// What one event loop's connections share.
///
/// It belongs to the loop's thread.
public final class WorkerContext {
    /// The loop.
    public let loop: EventLoop
    /// Sizes and times.
    public let limits: Limits
    /// Threads for what may block.
    public let blockingPool: BlockingPool
    /// The program's log.
    public let log: Log
    /// The access log, when one is kept.
    public let accessLog: AccessLog?
    let trustedProxies: TrustedProxies
    /// Buffers for input and for heads.
    public let buffers = BufferPool()
    /// The certificates, when the server speaks TLS; replaced whole by a reload.
    public internal(set) var tls: TLSContext?
    /// Whether the server is stopping: answers end their connections.
    public internal(set) var isDraining = false

    let scratch = ByteStream.Scratch()
    var handler: (any RequestHandler)?
    var connections = ConnectionSet()
    /// Number of connections that a task is serving at the moment; the others are parked.
    var servingTasks = 0
    private var exchanges: [Exchange] = []
    /// Stands in for the buffer of every idle connection.
    let noBuffer = ByteBuffer(capacity: 1)
    private var dateLine: [UInt8] = []
    private var dateSecond: Int64 = -1

    init(
        loop: EventLoop,
        settings: HTTPServer.Settings,
        tls: TLSContext?
    ) {
        self.loop = loop
        limits = settings.limits
        blockingPool = settings.blockingPool
        log = settings.log
        accessLog = settings.accessLog
        trustedProxies = settings.trustedProxies
        self.tls = tls
    }

    /// The line of the `Date` field, made once a second (RFC 9110 section 6.6.1).
    var date: [UInt8] {
        if loop.unixSeconds != dateSecond {
            dateSecond = loop.unixSeconds
            dateLine = Array("Date: ".utf8) + HTTPDate.bytes(dateSecond) + [0x0d, 0x0a]
        }
        return dateLine
    }

    /// Takes the input buffer of a connection that goes idle.
    func lendBack(_ connection: HTTP1Connection) {
        buffers.give(connection.input)
        connection.input = noBuffer
    }

    /// Gives a connection that is active again a buffer.
    func lend(to connection: HTTP1Connection) { connection.input = buffers.take() }

    func takeExchange() -> Exchange { exchanges.popLast() ?? Exchange(worker: self) }

    func give(_ exchange: Exchange) {
        exchange.reset()
        if exchanges.count < 256 { exchanges.append(exchange) }
    }
}
