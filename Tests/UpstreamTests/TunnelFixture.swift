import Bytes
import Reactor
import Transport

@testable import Upstream

/// A tunnel between two peers, all on one event loop.
final class TunnelFixture {
    struct Options: Sendable {
        var content = Tunnel.Content.opaque
        var settings = Tunnel.Settings()
        var isClientTLS = false
        var isServerTLS = false
        /// What has been read from the client before.
        var fromClient = ""
        /// What has been read from the server before.
        var fromServer = ""

        /// With as much time for closing as peers need, however late they are.
        init() { settings.closeMilliseconds = 600_000 }

        static func with(_ change: (inout Options) -> Void) -> Options {
            var options = Options()
            change(&options)
            return options
        }
    }

    let tunnel: Tunnel
    let loop: EventLoop
    let client: TunnelPeer
    let server: TunnelPeer
    private let clientEnd: ByteStream
    private let options: Options
    private var running: Task<Void, Never>?

    /// Runs `body` on a loop of its own with a tunnel that does not run yet.
    static func with(
        _ options: Options = Options(),
        _ body: @escaping @Sendable (TunnelFixture) async throws -> Void
    ) async throws {
        let harness = try UpstreamHarness()
        let task = Task(executorPreference: harness.loop) {
            let fixture = try await TunnelFixture(harness.loop, options)
            try await body(fixture)
            await fixture.end()
        }
        try await task.value
    }

    private init(_ loop: EventLoop, _ options: Options) async throws {
        self.loop = loop
        self.options = options
        let scratch = ByteStream.Scratch()
        let (connected, accepted) = try await Self.pair(loop, scratch, isTLS: options.isClientTLS)
        client = TunnelPeer(connected)
        clientEnd = accepted
        let (serverEnd, far) = try await Self.pair(loop, scratch, isTLS: options.isServerTLS)
        server = TunnelPeer(far)
        tunnel = Tunnel(
            to: serverEnd,
            received: Array(options.fromServer.utf8),
            content: options.content,
            settings: options.settings,
            buffers: BufferPool(bufferCapacity: 64 * 1024)
        )
    }

    /// Lets the tunnel run.
    func start() {
        let bound = LoopBound(self, loop: loop)
        running = Task(executorPreference: loop) {
            let fixture = bound.value
            await fixture.tunnel.run(
                client: fixture.clientEnd,
                received: Array(fixture.options.fromClient.utf8)
            )
            fixture.clientEnd.close()
        }
    }

    /// Interrupts the tunnel's end of the client's connection.
    func interrupt() { clientEnd.channel.interrupt() }

    /// Waits for the tunnel's end.
    func waitForEnd() async { await running?.value }

    /// Ends the tunnel if it has not ended.
    private func end() async {
        interrupt()
        if running == nil {
            clientEnd.close()
        } else {
            await waitForEnd()
        }
    }

    /// Two ends of a connection; with TLS the second is the server's.
    private static func pair(
        _ loop: EventLoop,
        _ scratch: ByteStream.Scratch,
        isTLS: Bool
    ) async throws -> (ByteStream, ByteStream) {
        guard let any = SocketAddress(host: "127.0.0.1", port: 0) else {
            throw SystemError(code: 0, call: "inet_pton")
        }
        let socket = try Listener.bind(any)
        let address = Listener.localAddress(of: socket)
        let listener = try Listener(socket, loop: loop)
        defer { listener.close() }
        let connecting = try await Connector.connect(to: [address], loop: loop, until: .max)
        let near = ByteStream(connecting, tls: nil, scratch: scratch)
        _ = await listener.waitForConnections()
        guard case .connection(let accepted) = listener.accept() else {
            throw SystemError(code: 0, call: "accept")
        }
        let tls = isTLS ? try UpstreamCertificates.server(UpstreamCertificates.good) : nil
        let far = ByteStream(try Channel(accepted, loop: loop), tls: tls, scratch: scratch)
        if isTLS {
            try near.startTLS(
                TLSClientContext(trust: .only(path: UpstreamCertificates.authority)),
                host: "localhost"
            )
            let bound = LoopBound(far, loop: loop)
            let handshake = Task(executorPreference: loop) { try await bound.value.handshake(until: .max) }
            try await near.handshake(until: .max)
            try await handshake.value
        }
        return (near, far)
    }
}
