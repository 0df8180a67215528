import Bytes
import HTTP
import HTTP2
import Reactor
import Telemetry
import Transport

/// One accepted connection: the TLS handshake, the choice of the HTTP version, and the closing.
final class Connection {
    private enum Version {
        /// Nothing has been received yet.
        case undecided
        case http1(HTTP1Connection)
        case http2(HTTP2Connection)
    }

    let stream: ByteStream
    let context: WorkerContext
    private var version = Version.undecided

    init(stream: ByteStream, context: WorkerContext) {
        self.stream = stream
        self.context = context
        context.counters.connections.add()
    }

    /// Serves requests until the connection ends, and closes it, or until it has been idle for a while.
    /// - Returns: until when it may stay idle without a task, in the loop's milliseconds; `nil` when it has ended.
    func serve() async -> Int64? {
        if case .undecided = version, await !begin() {
            close()
            return nil
        }
        let ending =
            switch version {
            case .undecided: ConnectionEnding.close
            case .http1(let connection): await connection.serve()
            case .http2(let connection): await connection.serve()
            }
        switch ending {
        case .park:
            return context.loop.now + context.limits.idleMilliseconds - context.limits.parkMilliseconds
        case .close: close()
        case .linger:
            await linger()
            close()
        case .abort: close(abruptly: true)
        }
        return nil
    }

    /// Closes the connection, which no task serves any more.
    func close(abruptly: Bool = false) {
        switch version {
        case .undecided: break
        case .http1(let connection): connection.release()
        case .http2(let connection): connection.release(sayingGoodbye: !abruptly)
        }
        stream.close(abruptly: abruptly)
        context.counters.connectionsClosed.add()
    }

    /// Ends the connection if it has no request under way; otherwise it ends after the answer.
    func drain() {
        switch version {
        case .undecided: stream.channel.interrupt()
        case .http1(let connection): connection.drain()
        case .http2(let connection): connection.drain()
        }
    }

    // MARK: Beginning

    /// - Returns: `false` when the connection ended before a version of HTTP was chosen.
    private func begin() async -> Bool {
        do throws(StreamError) {
            try await stream.handshake(until: context.loop.now + context.limits.headerMilliseconds)
        } catch {
            if error == .plainHTTP { await refusePlainHTTP() }
            return false
        }
        if stream.isHTTP2 {
            version = .http2(HTTP2Connection(stream: stream, context: context))
            return true
        }
        var input = context.noBuffer
        if context.limits.isHTTP2CleartextAllowed, context.tls == nil {
            input = context.buffers.take()
            guard let isHTTP2 = await beginsWithPreface(input) else {
                context.buffers.give(input)
                return false
            }
            if isHTTP2 {
                let connection = HTTP2Connection(stream: stream, context: context)
                connection.receive(input.unread)
                context.buffers.give(input)
                version = .http2(connection)
                return true
            }
        }
        version = .http1(HTTP1Connection(stream: stream, context: context, input: input))
        return true
    }

    /// Reads until it is clear whether the client begins with HTTP/2's connection preface (RFC 9113 section 3.4).
    /// - Returns: `nil` when the client went first.
    private func beginsWithPreface(_ input: ByteBuffer) async -> Bool? {
        let deadline = context.loop.now + context.limits.idleMilliseconds
        while true {
            let result = try? stream.read(into: input)
            if result == nil || result == .endOfStream { return nil }
            switch ConnectionPreface.recognise(input.unread) {
            case .http2: return true
            case .other: return false
            case .tooShort: break
            }
            if stream.channel.isReadReady { continue }
            guard await stream.channel.waitReadable(until: deadline) == .ready else { return nil }
        }
    }

    private func refusePlainHTTP() async {
        let text = "This port speaks HTTPS: open the address with https:// instead of http://\n"
        let head = """
            HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n
            """
        stream.writeUnencrypted(Array((head + text).utf8))
        await linger()
    }

    // MARK: Ending

    /// Ends sending, then reads away what the peer still sends, so that closing does not reset the connection
    /// before the peer has read the answer (RFC 9112 section 9.6).
    private func linger() async {
        stream.finishSending()
        let deadline = context.loop.now + context.limits.lingerMilliseconds
        var left = context.limits.lingerBytes
        let waste = context.buffers.take()
        defer { context.buffers.give(waste) }
        while context.loop.now < deadline, left > 0 {
            waste.removeAll()
            guard let result = try? stream.read(into: waste), result != .endOfStream else { return }
            left -= min(left, UInt64(waste.count))
            if !waste.isEmpty { continue }
            guard await stream.channel.waitReadable(until: deadline) == .ready else { return }
        }
    }
}
