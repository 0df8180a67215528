public import Reactor
import Telemetry
import Transport

/// One event loop's share of the server: its listening sockets and its connections.
///
/// The actor's executor is the loop itself, so everything isolated to it runs on the loop's thread.
public actor Worker {
    /// The loop, which is this actor's executor.
    public nonisolated let loop: EventLoop
    private let context: WorkerContext
    private var listeners: [Listener] = []
    private var lastLimitWarning: Int64 = 0

    /// The loop, as the runtime wants it.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(loop: EventLoop, address: SocketAddress, settings: HTTPServer.Settings, tls: TLSContext?) {
        self.loop = loop
        context = WorkerContext(
            loop: loop,
            limits: settings.limits,
            blockingPool: settings.blockingPool,
            log: settings.log,
            accessLog: settings.accessLog,
            tls: tls
        )
        context.handler = settings.makeHandler(context, address)
    }

    /// Starts to accept connections.
    func listen(on socket: consuming Descriptor) throws(SystemError) {
        let listener = try Listener(socket, loop: loop)
        listeners.append(listener)
        Task { await self.acceptConnections(listener) }
    }

    private func acceptConnections(_ listener: Listener) async {
        while await listener.waitForConnections() {
            var isExhausted = false
            accepting: while true {
                switch listener.accept() {
                case .connection(let socket): start(socket)
                case .none: break accepting
                case .exhausted:
                    isExhausted = true
                    break accepting
                }
            }
            if isExhausted {
                warnOfLimit("no file descriptor is left for new connections; raise the limit of open files")
                await loop.sleep(milliseconds: 100)
            }
        }
        listener.close()
    }

    private func start(_ socket: consuming Descriptor) {
        guard context.connections.count < context.limits.connections else {
            warnOfLimit("the limit of connections is reached; new ones are turned away")
            return
        }
        guard let channel = try? Channel(socket, loop: loop) else { return }
        let stream = ByteStream(channel, tls: context.tls, scratch: context.scratch)
        let connection = HTTP1Connection(stream: stream, context: context, input: context.noBuffer)
        let place = context.connections.insert(connection)
        Task {
            await connection.serve()
            self.context.connections.remove(at: place)
        }
    }

    /// Logs at most once in ten seconds.
    private func warnOfLimit(_ message: String) {
        guard loop.now - lastLimitWarning > 10_000 || lastLimitWarning == 0 else { return }
        lastLimitWarning = loop.now
        context.log.warning(message)
    }

    /// Uses other certificates from the next connection on.
    func replace(tls: TLSContext?) { context.tls = tls }

    /// Lets the handler take over something new, on its own thread.
    public func update(_ change: @Sendable (any RequestHandler) -> Void) {
        if let handler = context.handler { change(handler) }
    }

    /// Stops accepting, lets the requests under way finish, and closes what is idle.
    /// - Parameter milliseconds: after that time what is still open is left to the end of the process.
    func drain(milliseconds: Int64) async {
        context.isDraining = true
        for listener in listeners { listener.interrupt() }
        listeners = []
        for connection in context.connections.all { connection.drain() }
        let deadline = loop.now + milliseconds
        while context.connections.count > 0, loop.now < deadline { await loop.sleep(milliseconds: 20) }
    }

    /// Number of open connections.
    public var connectionCount: Int { context.connections.count }
}
