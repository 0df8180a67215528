import Glibc

/// Makes TCP connections on an event loop.
///
/// Of several addresses the next one is tried when 250 ms have passed or the one before has failed, and the first
/// that answers is taken ("Happy Eyeballs", RFC 8305 section 5), so that an address nobody answers at costs
/// a moment and not the whole time-out.
public enum Connector {
    /// Milliseconds before the next address is tried beside those that have not answered (RFC 8305 section 8).
    static let staggerMilliseconds: Int64 = 250

    /// Connects to the first of `addresses` that answers.
    /// - Parameters:
    ///   - addresses: at least one, in the order of preference.
    ///   - loop: the loop that the caller runs on.
    ///   - deadline: in the loop's milliseconds (``EventLoop/now``); it may fire up to half a second late.
    /// - Returns: the connection, with `TCP_NODELAY`.
    /// - Throws: `ConnectError` with the reason of each address.
    public static func connect(
        to addresses: [SocketAddress],
        loop: EventLoop,
        until deadline: Int64
    ) async throws(ConnectError) -> Channel {
        precondition(!addresses.isEmpty, "there is nothing to connect to")
        return try await ConnectRace(addresses, loop: loop, until: deadline).run()
    }

    /// Begins to connect without waiting for the answer.
    static func begin(_ address: SocketAddress, loop: EventLoop) throws(SystemError) -> Channel {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = try Descriptor(
            Glibc.socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0),
            from: "socket"
        )
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        // Watched only now: epoll calls a socket that is not even connecting hung up.
        let result = unsafe address.withSocketAddress { unsafe Glibc.connect(socket.raw, $0, $1) }
        guard result == 0 || errno == EINPROGRESS || errno == EINTR else {
            throw SystemError.last("connect")
        }
        return try Channel(socket, loop: loop)
    }

    /// Waits for the answer to ``begin(_:loop:)``.
    /// - Throws: why there is no connection; `ECANCELED` when the channel was interrupted.
    static func finish(_ channel: Channel, until deadline: Int64) async throws(SystemError) {
        while true {
            switch await channel.waitForActivity(until: deadline) {
            case .timedOut: throw SystemError(code: ETIMEDOUT, call: "connect")
            case .interrupted: throw SystemError(code: ECANCELED, call: "connect")
            case .ready: break
            }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard unsafe getsockopt(channel.descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
                throw SystemError.last("getsockopt")
            }
            guard code == 0 else { throw SystemError(code: code, call: "connect") }
            if Listener.peerAddress(of: channel.descriptor) != nil { return }
        }
    }
}
