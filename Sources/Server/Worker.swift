import Reactor
import Synchronization
import Telemetry
import Transport

/// One event loop's share of the server: its listening sockets and its connections.
///
/// Everything async here runs on the loop's thread: the tasks have the loop as their executor, and what they
/// touch is bound to it.
final class Worker: Sendable {
    let loop: EventLoop
    private let state: LoopBound<State>
    /// The listening socket until ``listen()``.
    private let socket: Mutex<Descriptor?>

    private final class State {
        let context: WorkerContext
        var listeners: [Listener] = []

        init(context: WorkerContext) { self.context = context }
    }

    /// Makes an event loop, which somebody else has to run.
    /// - Parameters:
    ///   - socket: its listening socket.
    ///   - address: what that is bound to.
    ///   - settings: what the server is made of.
    ///   - tls: certificates, when the port speaks TLS.
    ///   - counters: what this loop counts.
    /// - Throws: `SystemError` when the system has no event loop to give.
    init(
        _ socket: consuming Descriptor,
        _ address: SocketAddress,
        _ settings: HTTPServer.Settings,
        _ tls: TLSContext?,
        _ counters: WorkerCounters
    ) throws(SystemError) {
        self.socket = Mutex(socket)
        loop = try EventLoop()
        let context = WorkerContext(
            loop: loop,
            settings: settings,
            tls: tls,
            counters: counters
        )
        context.handler = settings.makeHandler(context, address)
        state = LoopBound(State(context: context), loop: loop)
    }

    /// Starts to accept connections, once.
    func listen() {
        guard let raw = socket.withLock({ $0.take()?.release() }) else { return }
        run { worker in
            let state = worker.state.value
            do throws(SystemError) {
                let listener = try Listener(try Descriptor(raw, from: "listen"), loop: worker.loop)
                state.listeners.append(listener)
                await worker.acceptConnections(listener, state)
            } catch {
                state.context.log.error("an event loop cannot listen: \(error)")
            }
        }
    }

    /// Uses other certificates from the next connection on.
    func replace(tls: TLSContext) {
        run { $0.state.value.context.tls = tls }
    }

    /// Lets the handler take over something new.
    func update(_ change: @escaping @Sendable (any RequestHandler) -> Void) {
        run { worker in
            if let handler = worker.state.value.context.handler { change(handler) }
        }
    }

    /// Stops accepting, lets the requests under way finish, and closes what is idle.
    /// - Parameters:
    ///   - milliseconds: after that time what is still open is left to the end of the process.
    ///   - whenDone: called on the loop's thread.
    func drain(milliseconds: Int64, whenDone: @escaping @Sendable () -> Void) {
        run { worker in
            let state = worker.state.value
            state.context.isDraining = true
            worker.socket.withLock { $0 = nil }
            for listener in state.listeners { listener.interrupt() }
            state.listeners = []
            state.context.handler?.drain()
            for connection in state.context.connections.all { connection.drain() }
            let deadline = worker.loop.now + milliseconds
            while state.context.connections.count > 0, worker.loop.now < deadline {
                await worker.loop.sleep(milliseconds: 20)
            }
            whenDone()
        }
    }

    /// Runs `body` as a task on the loop.
    private func run(_ body: @escaping @Sendable (Worker) async -> Void) {
        Task(executorPreference: loop) { await body(self) }
    }

    private func acceptConnections(_ listener: Listener, _ state: State) async {
        while await listener.waitForConnections() {
            var isExhausted = false
            accepting: while true {
                switch listener.accept() {
                case .connection(let socket): start(socket, state)
                case .none: break accepting
                case .exhausted:
                    isExhausted = true
                    break accepting
                }
            }
            if isExhausted {
                state.context.warnOccasionally(
                    "no file descriptor is left for new connections; raise the limit of open files"
                )
                await loop.sleep(milliseconds: 100)
            }
        }
        listener.close()
    }

    private func start(_ socket: consuming Descriptor, _ state: State) {
        let context = state.context
        guard context.connections.count < context.limits.connections else {
            context.warnOccasionally("the limit of connections is reached; new ones are turned away")
            return
        }
        guard let channel = try? Channel(socket, loop: loop) else { return }
        let stream = ByteStream(channel, tls: context.tls, scratch: context.scratch)
        if context.accessLog != nil { stream.notePeer() }
        let connection = Connection(stream: stream, context: context)
        let place = context.connections.insert(connection)
        Self.serve(LoopBound(connection, loop: loop), place)
    }

    /// Serves a connection by a task; when it has been idle for a while, without one until the next request.
    private static func serve(_ bound: LoopBound<Connection>, _ place: Int) {
        Task(executorPreference: bound.loop) {
            let connection = bound.value
            connection.context.servingTasks += 1
            let idleDeadline = await connection.serve()
            connection.context.servingTasks -= 1
            guard let idleDeadline else {
                connection.context.connections.remove(at: place)
                return
            }
            connection.stream.channel.park(until: idleDeadline) { readiness in
                if readiness == .ready {
                    serve(bound, place)
                } else {
                    bound.value.close()
                    bound.value.context.connections.remove(at: place)
                }
            }
        }
    }
}
