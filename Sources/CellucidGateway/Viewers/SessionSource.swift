import Bytes
import Reactor
import Server
import Viewers

/// A session bundle as the body of an answer, which is removed when the client has all of it.
final class SessionSource: BodySource {
    /// Bytes that are read from the disk at once.
    private static let pieceBytes = 256 * 1024
    /// Milliseconds between two looks at whether the client has acknowledged the last bytes.
    private static let lookMilliseconds: Int64 = 10

    private let fetch: SessionFetch
    private let key: SessionKey
    private let service: ViewerService
    private let exchange: Exchange
    private var offset = 0
    private var isDelivered = false

    /// Makes the body of `exchange`'s answer.
    init(_ fetch: SessionFetch, _ key: SessionKey, _ service: ViewerService, _ exchange: Exchange) {
        self.fetch = fetch
        self.key = key
        self.service = service
        self.exchange = exchange
    }

    deinit {
        fetch.giveBack()
        service.endFetch(key, isDelivered: isDelivered)
    }

    func pull(into buffer: ByteBuffer) async throws -> Bool {
        let (fetch, start) = (fetch, offset)
        let count = min(Self.pieceBytes, fetch.session.count - start)
        guard count > 0 else {
            await finish()
            return false
        }
        guard let piece = await service.pool.run({ fetch.read(count, at: start) }) else {
            throw ViewerStoreError("a session bundle", "it cannot be read")
        }
        buffer.append(piece)
        offset += count
        return true
    }

    /// Removes the bundle once the client has acknowledged all of it: what was only written may never arrive.
    private func finish() async {
        let loop = exchange.worker.loop
        let deadline = loop.now + exchange.worker.limits.stallMilliseconds
        while let left = exchange.unacknowledgedBytes, loop.now < deadline {
            if left == 0 {
                isDelivered = true
                let fetch = fetch
                await service.pool.run { fetch.finish() }
                return
            }
            await loop.sleep(milliseconds: Self.lookMilliseconds)
        }
    }
}
