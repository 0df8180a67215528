public import Bytes
import HTTP
import HTTP2
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
    /// What every loop of the server counts, this one among them.
    public let serverCounters: [WorkerCounters]
    /// What this loop counts.
    let counters: WorkerCounters
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
    private var nextWarning: Int64 = 0

    /// Heads of HTTP/2 requests.
    let heads = RequestHeadPool()
    let http2: HTTP2Scratch
    /// Frames on their way out, for each connection that is sending.
    let outputBuffers = BufferPool(bufferCapacity: HTTP2Connection.outputCapacity, maximumKept: 64)
    /// Pieces of bodies that are made while they are sent, over HTTP/1.
    let sourceBuffers = BufferPool(bufferCapacity: 256 * 1024, maximumKept: 16)
    /// The same for large bodies: pieces of the size of the system's buffers take half the time.
    private let largeSourceBuffers = BufferPool(bufferCapacity: 1024 * 1024, maximumKept: 4)
    /// The smallest body that is large, bytes.
    private static let largeBodyBytes: UInt64 = 4 * 1024 * 1024
    /// The most large bodies at the same time; further ones are sent in the usual pieces.
    private static let mostLargeBodies = 16

    /// Where the buffer for a body that is made while it is sent comes from.
    func sourceBuffers(for framing: HeadWriter.Framing) -> BufferPool {
        guard case .length(let length) = framing, length >= Self.largeBodyBytes,
            largeSourceBuffers.takenCount < Self.mostLargeBodies
        else { return sourceBuffers }
        return largeSourceBuffers
    }
    /// What was just received, for use within one call.
    let received = ByteBuffer(capacity: 32 * 1024)

    init(
        loop: EventLoop,
        settings: HTTPServer.Settings,
        tls: TLSContext?,
        counters: WorkerCounters
    ) {
        self.loop = loop
        self.counters = counters
        serverCounters = settings.counters
        http2 = HTTP2Scratch(heads: heads, buffers: buffers)
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

    /// Logs a warning that an event brings about which peers can make happen often: at most one in ten seconds.
    public func warnOccasionally(_ message: String) {
        guard loop.now >= nextWarning else { return }
        nextWarning = loop.now + 10_000
        log.warning(message)
    }

    /// Writes the line of a finished exchange into the access log, when one is kept.
    /// - Parameters:
    ///   - exchange: the exchange.
    ///   - bytes: bytes of the body that were sent.
    ///   - peer: the address of the client, or of the proxy before it.
    func record(_ exchange: Exchange, bytes: UInt64, peer: String?) {
        guard let accessLog else { return }
        let request = exchange.request
        request.combineLines(of: .xForwardedFor)
        accessLog.write(
            AccessRecord(
                peer: trustedProxies.client(
                    peer: peer ?? "-",
                    forwardedFor: request.value(.xForwardedFor)?.text()
                ),
                method: request.methodName.text(),
                path: request.targetWithoutQuery.text(),
                version: "\(request.version.name)",
                status: Int(exchange.response.status.code),
                bytes: bytes,
                microseconds: Clock.monotonicMicroseconds() - exchange.startedMicroseconds,
                userAgent: request.value(.userAgent)?.text() ?? ""
            )
        )
    }

    func takeExchange() -> Exchange { exchanges.popLast() ?? Exchange(worker: self) }

    func give(_ exchange: Exchange) {
        exchange.reset()
        if exchanges.count < 256 { exchanges.append(exchange) }
    }
}
