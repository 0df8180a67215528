public import Reactor
import Synchronization
public import Telemetry
public import Transport

/// The server: event loops on threads of their own, all listening on the same addresses.
public final class HTTPServer: Sendable {
    /// What the server is made of.
    public struct Settings: Sendable {
        /// What the event loops count, one for each: so many loops are there.
        public let counters: [WorkerCounters]
        /// Sizes and times.
        public var limits: Limits
        /// Threads for what may block.
        public var blockingPool: BlockingPool
        /// The program's log.
        public var log: Log
        /// The access log, when one is kept.
        public var accessLog: AccessLog?
        /// The proxies whose `X-Forwarded-For` goes into the access log.
        public var trustedProxies: TrustedProxies
        /// Makes the object that answers an event loop's requests; gets the address that is listened on.
        public var makeHandler: @Sendable (WorkerContext, SocketAddress) -> any RequestHandler

        /// Settings without an access log.
        public init(
            workers: Int,
            limits: Limits = Limits(),
            blockingPool: BlockingPool,
            log: Log,
            accessLog: AccessLog? = nil,
            trustedProxies: TrustedProxies = TrustedProxies(),
            makeHandler: @escaping @Sendable (WorkerContext, SocketAddress) -> any RequestHandler
        ) {
            precondition(workers > 0)
            counters = (0..<workers).map { _ in WorkerCounters() }
            self.limits = limits
            self.blockingPool = blockingPool
            self.log = log
            self.accessLog = accessLog
            self.trustedProxies = trustedProxies
            self.makeHandler = makeHandler
        }
    }

    /// The event loops' shares.
    private let workers: [Worker]
    /// The address listened on, with the port that the system chose.
    public let address: SocketAddress
    private let threads: [Thread]
    private let isStopped = Atomic<Bool>(false)

    /// Binds and starts the threads; connections wait in the system's queue until ``start()``.
    /// - Parameters:
    ///   - address: where to listen; port 0 lets the system choose.
    ///   - tls: certificates, when the port is to speak TLS.
    ///   - settings: what the server is made of.
    /// - Throws: `SystemError` when the address cannot be listened on or the system lacks something else.
    public init(address: SocketAddress, tls: TLSContext?, settings: Settings) throws(SystemError) {
        try Listener.probe(address)
        let first = try Listener.bind(address)
        let bound = Listener.localAddress(of: first)
        var workers = [try Worker(first, bound, settings, tls, settings.counters[0])]
        for counters in settings.counters.dropFirst() {
            workers.append(try Worker(try Listener.bind(bound), bound, settings, tls, counters))
        }
        var threads: [Thread] = []
        for (index, worker) in workers.enumerated() {
            let loop = worker.loop
            threads.append(try Thread(name: "loop-\(index)") { loop.run() })
        }
        self.workers = workers
        self.threads = threads
        self.address = bound
    }

    /// Begins to accept connections; a second call does nothing.
    public func start() {
        for worker in workers { worker.listen() }
    }

    /// Uses other certificates for new connections; open ones go on with theirs.
    public func replace(tls: TLSContext) {
        for worker in workers { worker.replace(tls: tls) }
    }

    /// Lets every handler take over something new, each on its own thread.
    public func update(_ change: @escaping @Sendable (any RequestHandler) -> Void) {
        for worker in workers { worker.update(change) }
    }

    /// Stops accepting, waits for the requests under way, and ends the threads.
    ///
    /// Blocks; not for a loop's thread. A second call does nothing.
    /// - Parameter milliseconds: how long requests may take to finish.
    public func stop(milliseconds: Int64) {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        if let latch = try? Latch(count: workers.count) {
            for worker in workers { worker.drain(milliseconds: milliseconds) { latch.countDown() } }
            _ = latch.wait(milliseconds: milliseconds + 1000)
        }
        for worker in workers { worker.loop.stop() }
        for thread in threads { thread.join() }
    }
}
