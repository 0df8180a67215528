import Bytes
import Glibc
import Reactor
import Server
import Transport

/// A body whose bytes come from another connection, and go through a pipe if the connection of the answer lets them.
final class PipedSource: BodySource {
    /// A piece of a body.
    private static let piece = (0..<100_000).map { UInt8($0 & 0xff) }

    private let stream: ByteStream
    private let peer: Int32
    private var left: Int
    /// The first piece is pulled as it would be if it had come with a head.
    private var isFirst = true

    /// - Parameters:
    ///   - count: bytes of the body.
    ///   - loop: the answer's.
    /// - Throws: `SystemError`.
    init(count: Int, loop: EventLoop) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError.last("socketpair") }
        peer = ends[1]
        left = count
        let channel = try Channel(Descriptor(ends[0], from: "socketpair"), loop: loop)
        stream = ByteStream(channel, tls: nil, scratch: ByteStream.Scratch())
    }

    deinit {
        stream.close()
        close(peer)
    }

    /// The bytes of a whole body.
    static func body(_ count: Int) -> [UInt8] {
        Array(repeatElement(piece, count: count / piece.count + 1).joined().prefix(count))
    }

    func pull(into buffer: ByteBuffer) async throws -> Bool {
        isFirst = false
        let piece = nextPiece()
        buffer.append(piece)
        return !piece.isEmpty
    }

    func pull(into pipe: SplicePipe) async throws -> Int? {
        if isFirst { return nil }
        let piece = nextPiece()
        if piece.isEmpty { return 0 }
        guard write(peer, piece, piece.count) == piece.count else { throw SystemError.last("write") }
        guard case .bytes(let count) = try stream.read(into: pipe, limit: piece.count), count == piece.count
        else { throw SystemError(code: EIO, call: "splice") }
        return count
    }

    private func nextPiece() -> [UInt8] {
        let piece = Self.piece.prefix(left)
        left -= piece.count
        return Array(piece)
    }
}
