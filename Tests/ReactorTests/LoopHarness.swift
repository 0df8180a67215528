import CLinux
import Glibc
import Reactor
import TestSupport

/// An event loop that turns on a thread of its own.
final class LoopHarness: Sendable {
    let loop: EventLoop
    private let thread: Thread

    init() throws {
        let loop = try EventLoop()
        self.loop = loop
        thread = try Thread(name: "loop") { loop.run() }
    }

    deinit {
        loop.stop()
        thread.join()
    }

    /// Runs `body` as a task on the loop of a new harness, with two connected sockets that are closed afterwards.
    static func withPair<Result: Sendable>(
        _ body: @escaping @Sendable (SocketPair, EventLoop) async throws -> Result
    ) async throws -> Result {
        try await LoopHarness().run { loop in
            let pair = try SocketPair(loop)
            defer { pair.close() }
            return try await body(pair, loop)
        }
    }

    /// Runs `body` as a task on the loop.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (EventLoop) async throws -> Result
    ) async throws -> Result {
        let loop = loop
        return try await Task(executorPreference: loop) { try await body(loop) }.value
    }
}

/// Two connected sockets: a channel on one of them, and the bare other one.
final class SocketPair {
    let channel: Channel
    /// The bare socket; -1 once it is closed.
    private(set) var peer: Int32
    private let loop: EventLoop

    init(_ loop: EventLoop) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw SystemError(code: errno, call: "socketpair")
        }
        peer = ends[1]
        self.loop = loop
        channel = try Channel(Descriptor(ends[0], from: "socketpair"), loop: loop)
    }

    /// Writes to the peer's end.
    func send(_ bytes: [UInt8]) { _ = write(peer, bytes, bytes.count) }

    /// Reads all that is there from the channel's end, as its user would.
    func receive() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(channel.descriptor, &buffer, buffer.count)
        if count < buffer.count { channel.readWouldBlock() }
        return Array(buffer.prefix(max(0, count)))
    }

    /// Fills the kernel's buffer from the channel's end.
    func fill() -> Int {
        let bytes = [UInt8](repeating: 1, count: 4096)
        var total = 0
        while true {
            let count = write(channel.descriptor, bytes, bytes.count)
            if count < 0 {
                channel.writeWouldBlock()
                return total
            }
            total += count
        }
    }

    /// Takes everything out of the kernel's buffer at the peer's end.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(peer, &buffer, buffer.count) > 0 {}
    }

    /// Runs `body` in another task, while the present one waits.
    func later(milliseconds: Int64 = 1, _ body: @escaping @Sendable (SocketPair) -> Void) {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        Task(executorPreference: loop) {
            await loop.sleep(milliseconds: milliseconds)
            body(bound.value)
        }
    }

    /// Closes the bare socket, once.
    func closePeer() {
        endSocket(peer)
        peer = -1
    }

    /// Closes both.
    func close() {
        channel.close()
        closePeer()
    }
}
