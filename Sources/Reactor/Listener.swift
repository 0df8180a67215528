import CLinux
import Glibc

/// A listening TCP socket on one event loop.
///
/// Several loops listen on the same address with `SO_REUSEPORT`, and the kernel spreads the connections.
public final class Listener {
    private let channel: Channel
    /// Kept open only to be given up when the process has no descriptor left to accept with.
    private var reserve: Int32

    /// What one attempt to accept gave.
    public enum Accepted: ~Copyable {
        /// A connection, non-blocking.
        case connection(Descriptor)
        /// Nobody is waiting.
        case none
        /// The process or the system has no descriptor left; one peer was turned away.
        case exhausted
    }

    /// Takes over a socket made by ``bind(_:)``.
    public init(_ socket: consuming Descriptor, loop: EventLoop) throws(SystemError) {
        channel = try Channel(socket, loop: loop)
        reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    deinit {
        if reserve >= 0 { _ = Glibc.close(reserve) }
    }

    /// Binds and listens.
    /// - Parameter address: port 0 lets the system choose.
    /// - Returns: the listening socket, non-blocking.
    /// - Throws: `SystemError` with `EADDRINUSE` when another program listens there, `EACCES` for a port below
    ///   1024 without the right to use it, `EADDRNOTAVAIL` for an address this machine does not have.
    public static func bind(_ address: SocketAddress) throws(SystemError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = try Descriptor(
            Glibc.socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0),
            from: "socket"
        )
        enable(SO_REUSEADDR, on: socket.raw)
        enable(SO_REUSEPORT, on: socket.raw)
        guard unsafe address.withSocketAddress({ unsafe Glibc.bind(socket.raw, $0, $1) }) == 0 else {
            throw SystemError.last("bind")
        }
        guard listen(socket.raw, 4096) == 0 else { throw SystemError.last("listen") }
        return socket
    }

    /// Whether nobody listens on `address` yet.
    ///
    /// `SO_REUSEPORT` would let a second gateway of the same user bind unnoticed and take half of the
    /// connections, so a socket without it asks first.
    /// - Throws: the `SystemError` that a listener there would fail with.
    public static func probe(_ address: SocketAddress) throws(SystemError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = try Descriptor(
            Glibc.socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0),
            from: "socket"
        )
        enable(SO_REUSEADDR, on: socket.raw)
        guard unsafe address.withSocketAddress({ unsafe Glibc.bind(socket.raw, $0, $1) }) == 0 else {
            throw SystemError.last("bind")
        }
        guard address.port == 0 || listen(socket.raw, 1) == 0 else { throw SystemError.last("listen") }
    }

    /// The address that `socket` is bound to, with the port the system chose.
    public static func localAddress(of socket: borrowing Descriptor) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.raw, $0, &length)
            }
        }
        return SocketAddress(storage: storage)
    }

    /// The address of the other end of a connection, or `nil` when it has gone.
    public static func peerAddress(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(descriptor, $0, &length)
            }
        }
        return code == 0 ? SocketAddress(storage: storage) : nil
    }

    /// Waits until somebody may want to connect.
    /// - Returns: `false` when the listener was interrupted: it is to be closed.
    public func waitForConnections() async -> Bool {
        await channel.waitReadable(until: .max) == .ready
    }

    /// Accepts one connection.
    public func accept() -> Accepted {
        while true {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let raw = accept4(channel.descriptor, nil, nil, flags)
            if raw >= 0 {
                Self.enable(TCP_NODELAY, level: Int32(IPPROTO_TCP), on: raw)
                if let accepted = try? Descriptor(raw, from: "accept4") { return .connection(accepted) }
            }
            switch errno {
            case EAGAIN:
                channel.readWouldBlock()
                return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                turnOneAway()
                return .exhausted
            default:
                // The connection went before it was accepted, or the network had a hiccup: accept(2).
                continue
            }
        }
    }

    /// Ends ``waitForConnections()``.
    public func interrupt() { channel.interrupt() }

    /// Closes the socket.
    ///
    /// Connections that were not accepted are reset.
    public func close() { channel.close() }

    private func turnOneAway() {
        guard reserve >= 0 else { return }
        _ = Glibc.close(reserve)
        let raw = accept4(channel.descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        if raw >= 0 { _ = Glibc.close(raw) }
        reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    private static func enable(_ option: Int32, level: Int32 = SOL_SOCKET, on descriptor: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
