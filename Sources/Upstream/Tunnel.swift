import Bytes
import Reactor
public import Transport

/// Bytes passed both ways between a client and a server that have left HTTP by a 101 (RFC 9110 section 7.8).
///
/// Nothing is changed on the way. The end of one side is passed on to the other when everything before it has been, and
/// the opposite direction goes on; when a side breaks, both end. It belongs to the loop's thread.
public final class Tunnel {
    /// What goes through a tunnel, as far as it matters to its end.
    public enum Content: Sendable {
        /// WebSocket (RFC 6455): ``drain()`` closes it with the status 1001.
        case webSocket
        /// Anything: ``drain()`` ends it in the middle.
        case opaque
    }

    /// How long things may take, in milliseconds.
    public struct Settings: Sendable {
        /// Without a byte from either side, after which it is closed as by ``Tunnel/drain()``; `nil` for ever.
        public var idleMilliseconds: Int64?
        /// Without a byte when one side has ended its direction.
        public var halfClosedMilliseconds: Int64 = 60_000
        /// From ``Tunnel/drain()``, or from when one side broke, to the end of what is still open.
        public var closeMilliseconds: Int64 = 3_000

        /// A tunnel that may be idle for ever.
        public init() {}
    }

    /// What a turn of moving bytes has come to.
    private enum Step {
        case waits, goesOn, done
    }

    /// When the last byte came from either side, in the loop's milliseconds.
    public private(set) var lastActivity: Int64

    private let server: ByteStream
    private let receivedFromServer: [UInt8]
    private let content: Content
    private let settings: Settings
    private let loop: EventLoop
    private let buffers: BufferPool
    /// The two ways, while it runs and afterwards.
    private var toServer: TunnelDirection?
    private var toClient: TunnelDirection?
    private var isDraining = false
    private var isDone = false
    private var closeDeadline = Int64.max

    /// Takes over a connection to a server that has answered 101; giving that back to its pool does no harm.
    /// - Parameters:
    ///   - connection: its last answer is 101.
    ///   - content: what goes through.
    ///   - settings: how long things may take.
    public convenience init(
        to connection: ClientConnection,
        content: Content,
        settings: Settings = Settings()
    ) {
        let (stream, received) = connection.handOver()
        self.init(
            to: stream,
            received: received,
            content: content,
            settings: settings,
            buffers: connection.context.tunnelBuffers
        )
    }

    /// Takes over a stream to a server.
    /// - Parameters:
    ///   - server: closed by ``run(client:received:)`` or ``abandon()``.
    ///   - received: what has been read from it and belongs to the tunnel.
    ///   - content: what goes through.
    ///   - settings: how long things may take.
    ///   - buffers: where buffers are lent from while bytes wait in them.
    init(
        to server: ByteStream,
        received: [UInt8],
        content: Content,
        settings: Settings,
        buffers: BufferPool
    ) {
        self.server = server
        receivedFromServer = received
        self.content = content
        self.settings = settings
        self.buffers = buffers
        loop = server.channel.loop
        lastActivity = loop.now
    }

    deinit {
        if toServer == nil, !isDone { abandon() }
    }

    /// Bytes that were sent to the server.
    public var bytesToServer: UInt64 { toServer?.bytesSent ?? 0 }
    /// Bytes that were sent to the client.
    public var bytesToClient: UInt64 { toClient?.bytesSent ?? 0 }
    /// Bytes that wait in memory to be sent.
    public var heldBytes: Int { (toServer?.heldBytes ?? 0) + (toClient?.heldBytes ?? 0) }

    /// Passes bytes on until both sides have ended or one has broken, and closes the server's.
    ///
    /// Called once. An interrupt of either channel ends it at once.
    /// - Parameters:
    ///   - client: the client's connection, on the same loop; the caller closes it afterwards.
    ///   - received: what has been read from it and belongs to the tunnel.
    public func run(client: ByteStream, received: [UInt8] = []) async {
        precondition(toServer == nil && !isDone, "a tunnel runs once")
        precondition(client.channel.loop === loop, "both ends of a tunnel belong to one loop")
        client.channel.probeIdlePeer()
        server.channel.probeIdlePeer()
        lastActivity = loop.now
        toServer = direction(from: client, to: server, .client, received)
        toClient = direction(from: server, to: client, .server, receivedFromServer)
        if isDraining { close() }
        let bound = LoopBound((self, client), loop: loop)
        let other = Task(executorPreference: loop) {
            let (tunnel, client) = bound.value
            await tunnel.serve(tunnel.server, other: client)
        }
        await serve(client, other: server)
        await other.value
        let isWhole = toServer?.isFinished == true && toServer?.isSinkBroken == false
        toServer?.abandon()
        toClient?.abandon()
        server.close(abruptly: !isWhole)
    }

    /// Ends the tunnel soon.
    ///
    /// WebSocket ends in order: both sides get a close frame where one of theirs may stand, with the status 1001, and have
    /// a while to answer it. Anything else just ends. May be called before ``run(client:received:)``, which then
    /// does not last.
    public func drain() {
        guard !isDraining else { return }
        isDraining = true
        close()
    }

    /// Closes the server's connection instead of running; going away does the same.
    public func abandon() {
        precondition(toServer == nil && !isDone, "a tunnel that runs ends by itself")
        isDone = true
        server.close(abruptly: true)
    }

    // MARK: Moving

    private func direction(
        from source: ByteStream,
        to sink: ByteStream,
        _ sender: WebSocketFrameCursor.Sender,
        _ received: [UInt8]
    ) -> TunnelDirection {
        TunnelDirection(
            from: source,
            to: sink,
            sender: sender,
            isWebSocket: content == .webSocket,
            received: received,
            buffers: buffers
        )
    }

    /// Moves bytes whenever something has happened to `stream`, until the tunnel has ended.
    ///
    /// Each side has its own task here: whatever happens to either may let bytes move both ways.
    private func serve(_ stream: ByteStream, other: ByteStream) async {
        while true {
            switch step(stream, other) {
            case .done:
                isDone = true
                other.channel.notify()
                return
            case .goesOn: await loop.yield()
            case .waits: _ = await stream.channel.waitForActivity(until: deadline)
            }
        }
    }

    private func step(_ stream: ByteStream, _ other: ByteStream) -> Step {
        guard !isDone, let toServer, let toClient else { return .done }
        if stream.channel.isInterrupted || other.channel.isInterrupted { return .done }
        let before = toServer.bytesReceived + toClient.bytesReceived
        let serverHasMore = toServer.move()
        let clientHasMore = toClient.move()
        if toServer.bytesReceived + toClient.bytesReceived > before { lastActivity = loop.now }

        if toServer.isSourceBroken || toClient.isSinkBroken { lose(toClient) }
        if toClient.isSourceBroken || toServer.isSinkBroken { lose(toServer) }
        if isDraining { finishClosing(toServer, toClient) }
        if toServer.isFinished && toClient.isFinished || loop.now >= closeDeadline { return .done }
        if loop.now >= idleDeadline {
            drain()
            return .goesOn
        }
        return serverHasMore || clientHasMore ? .goesOn : .waits
    }

    /// A side has broken: what is on its way to it is lost, what came from it is still delivered if that does not take
    /// long.
    private func lose(_ way: TunnelDirection) {
        if !way.isFinished { way.abandon() }
        limitClosing()
    }

    private var deadline: Int64 { min(closeDeadline, idleDeadline) }

    private var idleDeadline: Int64 {
        guard !isDraining else { return .max }
        let isHalfClosed = toServer?.isFinished == true || toClient?.isFinished == true
        let limit = min(
            settings.idleMilliseconds ?? .max,
            isHalfClosed ? settings.halfClosedMilliseconds : .max
        )
        return limit == .max ? .max : lastActivity + limit
    }

    // MARK: Closing

    private func limitClosing() { closeDeadline = min(closeDeadline, loop.now + settings.closeMilliseconds) }

    private func close() {
        guard let toServer, let toClient, !isDone else { return }
        limitClosing()
        if toServer.isFollowed && toClient.isFollowed {
            toServer.close()
            toClient.close()
        }
        server.channel.notify()
    }

    private func finishClosing(_ toServer: TunnelDirection, _ toClient: TunnelDirection) {
        guard toServer.isFollowed && toClient.isFollowed else {
            toServer.stop()
            toClient.stop()
            _ = toServer.move()
            _ = toClient.move()
            return
        }
        guard toServer.isClosed && toClient.isClosed else { return }
        toServer.finish()
        toClient.finish()
    }
}
