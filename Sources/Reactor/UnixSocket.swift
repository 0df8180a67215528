import CLinux
import Glibc

/// Connections to servers on the same machine by the path of their socket (unix(7)).
public enum UnixSocket {
    /// The most bytes of a path.
    public static let maximumPathBytes = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Milliseconds between two attempts when the server's queue is full.
    private static let retryMilliseconds: Int64 = 5

    /// Whether a path fits into an address.
    public static func isValid(path: String) -> Bool {
        (1...maximumPathBytes).contains(path.utf8.count) && !path.utf8.contains(0)
    }

    /// Connects to the socket at `path`.
    /// - Parameters:
    ///   - path: valid by ``isValid(path:)``.
    ///   - loop: the loop that the caller runs on.
    ///   - deadline: in the loop's milliseconds (``EventLoop/now``), for a server whose queue is full.
    /// - Returns: the connection.
    /// - Throws: `SystemError`; of code `ETIMEDOUT` when the deadline came first.
    public static func connect(
        to path: String,
        loop: EventLoop,
        until deadline: Int64
    ) async throws(SystemError) -> Channel {
        precondition(isValid(path: path), "the path does not fit into an address")
        while true {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let socket = try Descriptor(Glibc.socket(AF_UNIX, type, 0), from: "socket")
            if connect(socket.raw, path) == 0 { return try Channel(socket, loop: loop) }
            guard errno == EAGAIN || errno == EINTR else { throw SystemError.last("connect") }
            guard loop.now < deadline else { throw SystemError(code: ETIMEDOUT, call: "connect") }
            await loop.sleep(milliseconds: retryMilliseconds)
        }
    }

    private static func connect(_ descriptor: Int32, _ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            unsafe room.copyBytes(from: path.utf8)
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) { pointer in
                guard let first = pointer.baseAddress else {
                    preconditionFailure("an address is never empty")
                }
                return unsafe Glibc.connect(descriptor, first, size)
            }
        }
    }
}
