import Bytes
import HTTP
import Reactor
import Transport

/// Sending answers.
extension HTTP1Connection {
    /// Bytes of a body that are rather copied behind the head than sent as a second piece.
    private static let copiedBytes = 2 * 1024
    /// Bytes of a file that are sent before other connections get their turn.
    private static let fileBytesPerTurn = 2 * 1024 * 1024
    /// Bytes of a file that are asked of the system at once.
    ///
    /// Between two such pieces the file is checked for changes.
    private static let fileBytesPerCall = 1024 * 1024

    /// Sends the exchange's response.
    /// - Throws: when the connection is of no more use, or the body could not be sent whole.
    func send(_ exchange: Exchange, _ framing: HeadWriter.Framing, keepsAlive: Bool) async throws {
        let response = exchange.response
        let request = exchange.request
        let isBodyOmitted = request.method == .head
        var connection = HeadWriter.ConnectionOption.standard
        if !keepsAlive {
            connection = .close
        } else if request.version == .http10 {
            connection = .keepAlive
        }
        bodyBytesSent = 0
        let head = context.buffers.take()
        defer { context.buffers.give(head) }
        HeadWriter.write(
            status: response.status,
            date: context.date,
            fields: response.fields,
            framing: framing,
            connection: connection,
            into: head
        )
        switch isBodyOmitted || framing == .none ? .empty : response.body {
        case .empty: try await send(head, [])
        case .bytes(let bytes) where bytes.count <= Self.copiedBytes:
            head.append(bytes)
            bodyBytesSent = UInt64(bytes.count)
            try await send(head, [])
        case .bytes(let bytes): try await send(head, bytes)
        case .inline:
            let bytes = response.inlineBytes
            head.append(bytes.unread)
            bodyBytesSent = UInt64(bytes.count)
            try await send(head, [])
        case .file(let file, let range):
            try await send(head, [], moreFollows: true)
            try await sendFile(file, range)
        case .segments(let segments):
            try await send(head, [], moreFollows: true)
            for segment in segments {
                switch segment {
                case .bytes(let bytes):
                    head.removeAll()
                    try await send(head, bytes, moreFollows: true)
                case .file(let file, let range): try await sendFile(file, range)
                }
            }
        case .source(let source, _): try await send(source, head: head, framing: framing)
        }
        if stream.hasPendingOutput { try await flush() }
    }

    /// How the body of a response is delimited for a client of that version.
    func framing(of response: Response, _ version: RequestHead.Version) -> HeadWriter.Framing {
        if response.status == .noContent || response.status == .notModified { return .none }
        if let length = response.body.length(inline: response.inlineBytes.count) { return .length(length) }
        return version == .http11 ? .chunked : .untilClose
    }

    /// Sends an interim `100 Continue`.
    /// - Returns: `false` when the connection is of no more use.
    func sendContinue() async -> Bool {
        let head = context.buffers.take()
        defer { context.buffers.give(head) }
        head.append("HTTP/1.1 100 Continue\r\n\r\n")
        do {
            try await send(head, [])
            return true
        } catch {
            return false
        }
    }

    /// Sends all of `head` and then all of `body`: usually in one system call and without waiting.
    private func send(
        _ head: ByteBuffer,
        _ body: [UInt8],
        moreFollows: Bool = false
    ) async throws(StreamError) {
        var sentOfBody = 0
        if try !write(head, body, &sentOfBody, moreFollows) {
            try await sendRest(head, body, sentOfBody, moreFollows)
        }
    }

    private func sendRest(
        _ head: ByteBuffer,
        _ body: [UInt8],
        _ alreadySent: Int,
        _ moreFollows: Bool
    ) async throws(StreamError) {
        var watch: TransferWatch?
        var sentOfBody = alreadySent
        while true {
            let before = head.count + body.count - sentOfBody
            if try write(head, body, &sentOfBody, moreFollows) { return }
            watch?.note(before - (head.count + body.count - sentOfBody))
            if !stream.channel.isWriteReady { try await waitWritable(&watch) }
        }
    }

    /// Writes as much of `head` and `body` as the socket takes.
    /// - Returns: whether that was all.
    private func write(
        _ head: ByteBuffer,
        _ body: [UInt8],
        _ sentOfBody: inout Int,
        _ moreFollows: Bool
    ) throws(StreamError) -> Bool {
        guard try stream.flush() else { return false }
        let rest = body.span.extracting(sentOfBody..<body.count)
        let fromHead = head.count
        let count = try stream.write(head.unread, rest, moreFollows: moreFollows)
        head.consume(min(count, fromHead))
        sentOfBody += max(0, count - fromHead)
        bodyBytesSent += UInt64(max(0, count - fromHead))
        return head.isEmpty && sentOfBody == body.count
    }

    private func flush() async throws(StreamError) {
        var watch: TransferWatch?
        while try !stream.flush() { try await waitWritable(&watch) }
    }

    private func waitWritable(_ watch: inout TransferWatch?) async throws(StreamError) {
        var current = watch ?? newWatch()
        if watch == nil { current.note(sendQueue: stream.channel.sendQueueBytes) }
        watch = current
        switch await stream.channel.waitWritable(until: current.deadline) {
        case .ready, .interrupted: return
        case .timedOut:
            watch?.note(sendQueue: stream.channel.sendQueueBytes)
            guard watch?.continuesAfterDeadline(now: context.loop.now) == true else { throw .connectionLost }
        }
    }

    /// Sends a part of a file and checks between the pieces that it is still the file that was announced.
    private func sendFile(_ file: OpenFile, _ range: Range<UInt64>) async throws(StreamError) {
        var offset = range.lowerBound
        var watch: TransferWatch?
        var inThisTurn = 0
        while offset < range.upperBound {
            let count = Int(min(range.upperBound - offset, UInt64(Self.fileBytesPerCall)))
            let sent = try stream.sendFile(file.descriptor, offset: offset, count: count)
            offset += UInt64(sent)
            bodyBytesSent += UInt64(sent)
            watch?.note(sent)
            inThisTurn += sent
            if sent > 0 && (offset == range.upperBound || inThisTurn >= Self.fileBytesPerTurn) {
                guard file.isUnchanged else { throw .fileChanged }
            }
            if offset == range.upperBound { return }
            if !stream.channel.isWriteReady {
                try await waitWritable(&watch)
                inThisTurn = 0
            } else if inThisTurn >= Self.fileBytesPerTurn {
                await context.loop.yield()
                inThisTurn = 0
            }
        }
    }

    /// Sends a body that is made on demand; each piece has gone before the next is made.
    private func send(_ source: any BodySource, head: ByteBuffer, framing: HeadWriter.Framing) async throws {
        let buffers = context.sourceBuffers(for: framing)
        let output = buffers.take()
        defer { buffers.give(output) }
        output.append(head.unread)
        head.removeAll()
        if framing == .chunked { return try await sendChunks(source, output) }
        var promised: UInt64?
        if case .length(let length) = framing { promised = length }
        while true {
            let before = output.count
            guard try await source.pull(into: output) else { break }
            let count = output.count - before
            if let left = promised {
                guard UInt64(count) <= left else { throw BodyLengthError() }
                promised = left - UInt64(count)
            }
            bodyBytesSent += UInt64(count)
            try await send(output, [])
        }
        guard (promised ?? 0) == 0 else { throw BodyLengthError() }
        if !output.isEmpty { try await send(output, []) }
    }

    private func sendChunks(_ source: any BodySource, _ output: ByteBuffer) async throws {
        let piece = context.sourceBuffers.take()
        defer { context.sourceBuffers.give(piece) }
        while try await source.pull(into: piece) {
            if piece.isEmpty { continue }
            HeadWriter.writeChunkSize(piece.count, into: output)
            bodyBytesSent += UInt64(piece.count)
            output.append(piece.unread)
            output.append("\r\n")
            piece.removeAll()
            try await send(output, [])
        }
        output.append("0\r\n\r\n")
        try await send(output, [])
    }
}

/// A body source gave more or fewer bytes than were announced.
struct BodyLengthError: Error {}
