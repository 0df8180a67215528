import Server
import Transport
import Upstream

/// A tunnel to a backend as what takes a client's connection over.
final class TunnelUpgrade: ConnectionUpgrade {
    private let tunnel: Tunnel

    init(_ tunnel: Tunnel) { self.tunnel = tunnel }

    func run(_ stream: ByteStream, received: [UInt8]) async -> UInt64 {
        await tunnel.run(client: stream, received: received)
        return tunnel.bytesToClient
    }

    func drain() { tunnel.drain() }

    func abandon() { tunnel.abandon() }
}
