import Bytes
import HTTP

/// Keeps a body in memory.
final class MemorySink: BodySink {
    private(set) var bytes: [UInt8] = []

    func begin(_ head: ResponseHead) { bytes.removeAll() }

    func take(_ piece: ByteBuffer) { bytes += piece.unread.copied() }
}
