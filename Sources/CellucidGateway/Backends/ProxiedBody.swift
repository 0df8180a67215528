import Bytes
import Server
import Upstream

/// The body of a backend's answer as that of the gateway's, received when the client has taken what came before.
final class ProxiedBody: BodySource {
    /// Room that is made for bytes to be received at once.
    private static let pieceBytes = 16 * 1024

    private let upstream: UpstreamExchange

    init(_ upstream: UpstreamExchange) { self.upstream = upstream }

    deinit { upstream.end() }

    func pull(into buffer: ByteBuffer) async throws -> Bool {
        if let count = try upstream.readReceived(into: buffer) { return count > 0 }
        if buffer.freeCount == 0 { buffer.reserve(Self.pieceBytes) }
        return try await upstream.read(into: buffer) > 0
    }
}
