import CLinux
import Glibc
import Reactor
import TestSupport

@testable import Transport

/// A plain stream and the bare socket at its other end, with an event loop that does not turn.
final class PlainStreamPair {
    let stream: ByteStream
    private(set) var peer: Int32

    // `bufferBytes` is the size of the stream's send buffer; 0 for the system's choice.
    init(bufferBytes: Int32 = 0) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw SystemError(code: errno, call: "socketpair")
        }
        if bufferBytes > 0 {
            var size = bufferBytes
            setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let loop = try EventLoop()
        let channel = try Channel(Descriptor(ends[0], from: "socketpair"), loop: loop)
        stream = ByteStream(channel, tls: nil, scratch: ByteStream.Scratch())
        peer = ends[1]
    }

    deinit {
        stream.close()
        closePeer()
    }

    /// What has arrived at the other end.
    func received() -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(peer, &buffer, buffer.count)
            if count <= 0 { return result }
            result += buffer[..<count]
        }
    }

    /// Sends from the other end.
    func send(_ bytes: [UInt8]) { _ = write(peer, bytes, bytes.count) }

    func closePeer() {
        endSocket(peer)
        peer = -1
    }
}
