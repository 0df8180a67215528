import Bytes
import Glibc
import Reactor
import Transport

/// One end of a connection whose other end a tunnel has; everything waits at most half a minute.
final class TunnelPeer {
    enum Failure: Error, Equatable {
        case timedOut
        /// The connection ended where more was due; with what had come of it.
        case ended([UInt8])
    }

    let stream: ByteStream
    private let loop: EventLoop
    private let input = ByteBuffer(capacity: 64 * 1024)

    init(_ stream: ByteStream) {
        self.stream = stream
        loop = stream.channel.loop
    }

    deinit { stream.close() }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends all of `bytes`, and what TLS still holds of earlier ones.
    func send(_ bytes: [UInt8]) async throws {
        let buffer = ByteBuffer(capacity: max(1, bytes.count))
        buffer.append(bytes)
        while true {
            if !buffer.isEmpty { buffer.consume(try stream.write(buffer.unread, [UInt8]().span)) }
            if buffer.isEmpty, try stream.flush() { return }
            guard await stream.channel.waitWritable(until: loop.now + 30_000) == .ready else {
                throw Failure.timedOut
            }
        }
    }

    /// Sends zeros until the system has taken no more of them for a while.
    /// - Returns: how many it took.
    func flood(limit: Int) async throws -> Int {
        let piece = [UInt8](repeating: 0, count: 64 * 1024)
        var sent = 0
        while sent < limit {
            sent += try stream.write(
                piece.span.extracting(0..<min(piece.count, limit - sent)),
                [UInt8]().span
            )
            if !stream.channel.isWriteReady {
                guard await stream.channel.waitWritable(until: loop.now + 1000) == .ready else { break }
                _ = try stream.flush()
            }
        }
        return sent
    }

    /// Waits for so many bytes.
    func receive(_ count: Int) async throws -> [UInt8] {
        let input = input
        var result: [UInt8] = []
        while result.count < count {
            if input.isEmpty, try await !fill() { throw Failure.ended(result) }
            let taken = min(input.count, count - result.count)
            result += input.unread.extracting(0..<taken).copied()
            input.consume(taken)
        }
        return result
    }

    func receiveText(_ count: Int) async throws -> String {
        String(decoding: try await receive(count), as: UTF8.self)
    }

    /// Waits for the end of what the other side sends.
    func receiveToEnd() async throws -> [UInt8] {
        let input = input
        var result: [UInt8] = []
        repeat {
            result += input.unread.copied()
            input.removeAll()
        } while try await fill()
        return result
    }

    /// Whether the connection ends, in order or not, without another byte.
    func endsWithoutMore() async throws -> Bool {
        do { return try await receiveToEnd().isEmpty } catch is StreamError { return true }
    }

    func finishSending() { stream.finishSending() }

    func reset() { stream.close(abruptly: true) }

    private func fill() async throws -> Bool {
        while true {
            switch try stream.read(into: input) {
            case .bytes: return true
            case .endOfStream: return false
            case .wouldBlock:
                guard await stream.channel.waitReadable(until: loop.now + 30_000) == .ready else {
                    throw Failure.timedOut
                }
            }
        }
    }
}
