import Bytes
import HTTP
import Reactor
import Transport

/// Making connections: addresses, a proxy's tunnel, TLS.
extension ClientConnection {
    /// Connects to `origin`, through a proxy where the context says so.
    /// - Parameters:
    ///   - origin: the server.
    ///   - context: the loop that the caller runs on, with its settings.
    ///   - deadline: the loop's milliseconds by which it must be done, besides the time-outs of the context.
    /// - Returns: a connection that is ready for a request.
    /// - Throws: `UpstreamError`.
    public static func open(
        to origin: Origin,
        context: UpstreamContext,
        until deadline: Int64 = .max
    ) async throws(UpstreamError) -> ClientConnection {
        let proxy = origin.socketPath == nil ? context.proxies.proxy(for: origin) : nil
        let limit = min(deadline, context.loop.now + context.timeouts.connectMilliseconds)
        let channel = try await connect(to: origin, via: proxy, context, until: limit)
        let stream = ByteStream(channel, tls: nil, scratch: context.scratch)
        do throws(UpstreamError) {
            if origin.scheme == .https {
                if let proxy { try await tunnel(to: origin, through: proxy, stream, context, until: limit) }
                try await startTLS(with: origin, stream, context, until: deadline)
            }
        } catch {
            stream.close()
            throw error
        }
        let forwarder = origin.scheme == .http ? proxy : nil
        return ClientConnection(stream, to: origin, via: forwarder, context: context)
    }

    private static func connect(
        to origin: Origin,
        via proxy: Proxy?,
        _ context: UpstreamContext,
        until limit: Int64
    ) async throws(UpstreamError) -> Channel {
        if let path = origin.socketPath { return try await connect(to: origin, path, context, until: limit) }
        let host = proxy?.host ?? origin.host
        let port = proxy?.port ?? origin.port
        let prefix = proxy.map { "proxy \($0.place): " } ?? ""
        let addresses: [SocketAddress]
        do throws(UpstreamError) {
            addresses = try await context.resolver.addresses(of: host, port: port, until: limit)
        } catch {
            guard case .unknownHost(let reason, let isTemporary) = error.cause else {
                throw UpstreamError(error.cause, at: origin.description)
            }
            throw UpstreamError(
                .unknownHost(reason: prefix + reason, isTemporary: isTemporary),
                at: origin.description
            )
        }
        do throws(ConnectError) {
            return try await Connector.connect(to: addresses, loop: context.loop, until: limit)
        } catch {
            let isTimeOut = context.loop.now >= limit
            throw UpstreamError(
                isTimeOut ? .timedOut(.connect) : .notConnected(prefix + error.description),
                at: origin.description
            )
        }
    }

    private static func connect(
        to origin: Origin,
        _ path: String,
        _ context: UpstreamContext,
        until limit: Int64
    ) async throws(UpstreamError) -> Channel {
        do throws(SystemError) {
            return try await UnixSocket.connect(to: path, loop: context.loop, until: limit)
        } catch {
            let cause: UpstreamError.Cause =
                context.loop.now >= limit ? .timedOut(.connect) : .notConnected(error.reason)
            throw UpstreamError(cause, at: origin.description)
        }
    }

    /// Asks a proxy to pass everything that follows on to `origin` (RFC 9110 section 9.3.6).
    private static func tunnel(
        to origin: Origin,
        through proxy: Proxy,
        _ stream: ByteStream,
        _ context: UpstreamContext,
        until limit: Int64
    ) async throws(UpstreamError) {
        let request = context.buffers.take()
        defer { context.buffers.give(request) }
        request.append("CONNECT \(origin.hostAndPort) HTTP/1.1\r\nHost: \(origin.hostAndPort)\r\n")
        if let authorization = proxy.authorization {
            request.append("Proxy-Authorization: \(authorization)\r\n")
        }
        request.append("\r\n")
        let connection = ClientConnection(stream, to: origin, via: nil, context: context)
        connection.deadline = limit
        let head = ResponseHead()
        do throws(UpstreamError) {
            try await connection.send(request, method: .connect)
            try await connection.readHead(into: head)
        } catch {
            if case .timedOut = error.cause { throw UpstreamError(.timedOut(.connect), at: error.place) }
            throw UpstreamError(.proxy("\(proxy.place): \(error.reason)"), at: error.place)
        }
        let code = head.status.code
        guard (200..<300).contains(code), connection.leavesNothingRead else {
            let hint = code == 407 ? " (user name and password of the proxy)" : ""
            let reason = "\(proxy.place) does not connect to the server: status \(code)\(hint)"
            throw UpstreamError(.proxy(reason), at: origin.description)
        }
    }

    private static func startTLS(
        with origin: Origin,
        _ stream: ByteStream,
        _ context: UpstreamContext,
        until deadline: Int64
    ) async throws(UpstreamError) {
        guard let tls = context.tls else {
            throw UpstreamError(.tls("no trusted certificates were loaded"), at: origin.description)
        }
        let limit = min(deadline, context.loop.now + context.timeouts.tlsMilliseconds)
        do throws(StreamError) {
            try stream.startTLS(tls, host: origin.host)
            try await stream.handshake(until: limit)
        } catch {
            let isTimeOut = error == .connectionLost && context.loop.now >= limit
            throw UpstreamError(isTimeOut ? .timedOut(.tls) : .init(error), at: origin.description)
        }
    }
}
