import Reactor
import Transport

/// A few connections to one origin, kept between requests, for one event loop.
public final class ConnectionPool {
    /// Bounds of a pool.
    public struct Limits: Sendable {
        /// Connections at the same time; further requests wait for their turn.
        public var connections = 6
        /// Milliseconds after which an idle connection is closed; 0 for keeping none.
        public var idleMilliseconds: Int64 = 15_000

        /// The most requests that wait for their turn; more are refused.
        public var waiting = Int.max
        /// How many milliseconds a request waits for its turn at most.
        public var turnMilliseconds = Int64.max

        /// As browsers do.
        public init() {}
    }

    /// The server.
    public let origin: Origin
    let context: UpstreamContext
    private let limits: Limits
    private var state: PoolState<ClientConnection>
    private var waiting: [Notice] = []
    private var isClosed = false

    /// Makes a pool without a connection.
    public init(origin: Origin, context: UpstreamContext, limits: Limits = Limits()) {
        self.origin = origin
        self.context = context
        self.limits = limits
        state = PoolState(maximum: limits.connections)
    }

    deinit { close() }

    /// Whether connections are kept between requests.
    public var keepsConnections: Bool { limits.idleMilliseconds > 0 }

    /// Connections that are idle, in use, or being opened.
    public var connectionCount: Int { state.count }

    /// A kept connection that is ready for a request, if there is one; it must be given back by ``giveBack(_:)``.
    func takeIdle() -> ClientConnection? {
        while !isClosed, let connection = state.takeIdle() {
            connection.stream.channel.unpark()
            if connection.isReadyForRequest() { return connection }
            connection.close()
            state.lose()
        }
        return nil
    }

    /// A connection that is ready for a request; it must be given back by ``giveBack(_:)``.
    /// - Parameters:
    ///   - isFresh: whether it must be a new one.
    ///   - deadline: the loop's milliseconds by which it must be there.
    /// - Returns: the connection.
    /// - Throws: `UpstreamError`.
    public func take(
        isFresh: Bool = false,
        until deadline: Int64
    ) async throws(UpstreamError) -> ClientConnection {
        while !isClosed {
            if !isFresh, let connection = takeIdle() { return connection }
            switch state.open() {
            case .open(let old):
                old?.stream.channel.unpark()
                old?.close()
                return try await open(until: deadline)
            case .wait: try await waitForTurn(until: deadline)
            }
        }
        throw UpstreamError(.cancelled, at: origin.description)
    }

    /// Takes a connection back, and keeps it when another request may be sent on it.
    public func giveBack(_ connection: ClientConnection) {
        if !isClosed, keepsConnections, connection.isReadyForRequest() {
            state.give(connection)
            watch(connection)
        } else {
            connection.close()
            state.lose()
        }
        letNextTry()
    }

    /// Closes the idle connections; those in use are closed when they are given back, and no others are opened.
    public func close() {
        isClosed = true
        for connection in state.loseAllIdle() {
            connection.stream.channel.unpark()
            connection.close()
        }
        for notice in waiting { notice.post() }
        waiting = []
    }

    private func open(until deadline: Int64) async throws(UpstreamError) -> ClientConnection {
        do throws(UpstreamError) {
            let connection = try await ClientConnection.open(to: origin, context: context, until: deadline)
            connection.wakeIdle = { [unowned self, unowned connection] in wake(connection, $0) }
            return connection
        } catch {
            state.lose()
            letNextTry()
            throw error
        }
    }

    private func waitForTurn(until deadline: Int64) async throws(UpstreamError) {
        guard waiting.count < limits.waiting else {
            throw UpstreamError(.timedOut(.turn), at: origin.description)
        }
        let (patience, isPatienceOver) = context.loop.now.addingReportingOverflow(limits.turnMilliseconds)
        let deadline = isPatienceOver ? deadline : min(deadline, patience)
        let notice = Notice(loop: context.loop)
        waiting.append(notice)
        if await notice.wait(until: deadline) { return }
        if let index = waiting.firstIndex(where: { $0 === notice }) {
            waiting.remove(at: index)
        } else {
            // The turn came after the time was over, and before this task could go on: it is the next one's.
            letNextTry()
        }
        throw UpstreamError(.timedOut(.turn), at: origin.description)
    }

    private func letNextTry() {
        if !waiting.isEmpty { waiting.removeFirst().post() }
    }

    /// Closes an idle connection when the server does, when it says something that nobody asked for, or when its time
    /// has come.
    private func watch(_ connection: ClientConnection) {
        guard let wake = connection.wakeIdle else { preconditionFailure("the connection is not the pool's") }
        connection.stream.channel.park(until: context.loop.now + limits.idleMilliseconds, wake)
    }

    private func wake(_ connection: ClientConnection, _ readiness: Readiness) {
        if readiness == .ready, connection.isReadyForRequest() {
            // Only TLS had something to say, such as a session ticket.
            return watch(connection)
        }
        state.loseIdle(connection)
        connection.close()
        letNextTry()
    }
}
