import Reactor
import Server
import Telemetry
import TestSupport

/// A server on a port of its own with a ``TestHandler``, and everything it needs.
final class TestServer {
    let server: HTTPServer
    let switches = TestSwitches()
    /// What the first event loop has counted.
    let counters: WorkerCounters
    private let allCounters: [WorkerCounters]
    private let pool: BlockingPool
    private let logSink: LogSink
    private let accessSink: LogSink
    private let folder = TemporaryDirectory()
    private var isRunning = true

    init(
        limits: Limits = Limits(),
        keepsAccessLog: Bool = false,
        workers: Int = 1,
        starts: Bool = true
    ) throws {
        pool = try BlockingPool(threadCount: 1)
        logSink = try LogSink.file(folder("log"))
        accessSink = try LogSink.file(folder("access"))
        let switches = switches
        let settings = HTTPServer.Settings(
            workers: workers,
            limits: limits,
            blockingPool: pool,
            log: Log(level: .info, format: .text, sink: logSink),
            accessLog: keepsAccessLog ? AccessLog(format: .json, sink: accessSink) : nil,
            makeHandler: { context, _ in TestHandler(context, switches) }
        )
        counters = settings.counters[0]
        allCounters = settings.counters
        server = try HTTPServer(address: try SocketAddress.loopback(), tls: nil, settings: settings)
        if starts { server.start() }
    }

    deinit { stop(milliseconds: 100) }

    /// Stops the server, once.
    /// - Parameters:
    ///   - milliseconds: how long requests under way may take to finish.
    ///   - opensGate: whether requests at `/gate` go on.
    func stop(milliseconds: Int64 = 20_000, opensGate: Bool = true) {
        if opensGate { switches.isGateOpen.withLock { $0 = true } }
        if !isRunning { return }
        isRunning = false
        server.stop(milliseconds: milliseconds)
        pool.stop()
        logSink.stop()
        accessSink.stop()
    }

    /// Begins to stop the server without waiting for it.
    ///
    /// On a thread, as that blocks and tests share few threads among each other.
    func beginStop() throws -> Thread {
        isRunning = false
        let server = server
        return try Thread(name: "stop") { server.stop(milliseconds: 20_000) }
    }

    /// How many connections the event loops have accepted.
    var connectionCount: UInt64 { allCounters.reduce(0) { $0 + $1.connections.value } }

    func connect() throws -> RawConnection { try RawConnection(port: server.address.port) }

    /// The lines of the access log; stops the server first.
    func accessLines() -> [String] { lines("access") }

    /// The lines of the log; stops the server first.
    func logLines() -> [String] { lines("log") }

    private func lines(_ name: String) -> [String] {
        stop()
        return String(decoding: readFile(folder(name)) ?? [], as: UTF8.self).split(separator: "\n").map(
            String.init
        )
    }
}

extension SocketAddress {
    /// The loopback address with a port that the system chooses.
    static func loopback() throws -> SocketAddress {
        guard let address = SocketAddress(host: "127.0.0.1", port: 0) else {
            throw SystemError(code: 0, call: "inet_pton")
        }
        return address
    }
}

extension RawConnection {
    /// Sends a request with a body.
    func post(_ target: String, _ fields: [String], _ body: String) throws -> RawResponse {
        try send(request("POST", target, fields) + body)
        return try readResponse(to: "POST")
    }
}
