import Bytes
import HTTP
import Reactor

/// One attempt of a fetch.
extension Fetch {
    /// A body that was not wanted is read away up to this size, to keep the connection.
    private static let discardedBytes: UInt64 = 64 * 1024

    func attempt(
        _ url: URLText,
        _ fields: [(name: String, value: String)],
        _ sink: any BodySink,
        until deadline: Int64
    ) async -> Result<ResponseHead, UpstreamError> {
        do throws(UpstreamError) {
            var isFresh = false
            while true {
                if Task.isCancelled { throw UpstreamError(.cancelled, at: url.description) }
                let connection = try await pool.take(isFresh: isFresh, until: deadline)
                defer { pool.giveBack(connection) }
                connection.deadline = deadline
                do throws(UpstreamError) {
                    return .success(try await exchangeUnlessCancelled(connection, url, fields, sink))
                } catch {
                    // The server closed an idle connection at the moment it was used; RFC 9112 section 9.3.1.
                    let isStale =
                        error.cause == .connectionLost && connection.isReused && !connection.hasReceived
                    guard isStale, !isFresh else { throw error }
                    isFresh = true
                }
            }
        } catch {
            let isLast = pool.context.loop.now >= deadline
            if case .timedOut = error.cause, isLast {
                return .failure(.init(.timedOut(.total), at: "\(url)"))
            }
            return .failure(UpstreamError(error.cause, at: url.description))
        }
    }

    /// An exchange that may be cancelled until it is over: then the connection is somebody else's.
    private final class Run {
        let connection: ClientConnection
        var isOver = false

        init(_ connection: ClientConnection) { self.connection = connection }

        func cancel() { if !isOver { connection.cancel() } }
    }

    private func exchangeUnlessCancelled(
        _ connection: ClientConnection,
        _ url: URLText,
        _ fields: [(name: String, value: String)],
        _ sink: any BodySink
    ) async throws(UpstreamError) -> ResponseHead {
        let run = Run(connection)
        let bound = LoopBound(run, loop: pool.context.loop)
        let result: Result<ResponseHead, UpstreamError> = await withTaskCancellationHandler {
            do throws(UpstreamError) {
                return .success(try await exchange(connection, url, fields, sink))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            Task(executorPreference: bound.loop) { bound.value.cancel() }
        }
        run.isOver = true
        return try result.get()
    }

    private func exchange(
        _ connection: ClientConnection,
        _ url: URLText,
        _ fields: [(name: String, value: String)],
        _ sink: any BodySink
    ) async throws(UpstreamError) -> ResponseHead {
        let buffer = pool.context.buffers.take()
        defer { pool.context.buffers.give(buffer) }
        try writeHead(url, fields, for: connection, into: buffer)
        try await connection.send(buffer, method: .get)
        let head = ResponseHead()
        try await connection.readHead(into: head)
        guard (200..<300).contains(head.status.code) else {
            await discardBody(of: connection, buffer)
            return head
        }
        connection.bodyLimit = settings.bodyLimit
        try await store(url) { try await sink.begin(head) }
        while try await connection.readBody(into: buffer) > 0 {
            try await store(url) { try await sink.take(buffer) }
            buffer.removeAll()
        }
        return head
    }

    private func store(_ url: URLText, _ step: () async throws -> Void) async throws(UpstreamError) {
        do {
            try await step()
        } catch {
            throw UpstreamError(.notStored("\(error)"), at: url.description)
        }
    }

    /// Reads away the body of an answer whose head says enough; a connection that fails at it is closed.
    private func discardBody(of connection: ClientConnection, _ buffer: ByteBuffer) async {
        connection.bodyLimit = Self.discardedBytes
        while let count = try? await connection.readBody(into: buffer), count > 0 { buffer.removeAll() }
    }

    private func writeHead(
        _ url: URLText,
        _ fields: [(name: String, value: String)],
        for connection: ClientConnection,
        into buffer: ByteBuffer
    ) throws(UpstreamError) {
        var lines = [("Host", url.origin.authority), ("User-Agent", settings.userAgent), ("Accept", "*/*")]
        for field in fields {
            lines.removeAll { $0.0.lowercased() == field.name.lowercased() }
            lines.append((field.name, field.value))
        }
        if let authorization = connection.forwarder?.authorization {
            lines.append(("Proxy-Authorization", authorization))
        }
        buffer.append("GET \(connection.forwarder == nil ? url.target : url.description) HTTP/1.1\r\n")
        for (name, value) in lines {
            let isName = !name.isEmpty && name.utf8.allSatisfy(ASCII.isTokenCharacter)
            guard isName, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                preconditionFailure("the request field \(name) is malformed")
            }
            buffer.append("\(name): \(value)\r\n")
        }
        buffer.append("\r\n")
    }
}
