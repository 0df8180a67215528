public import Bytes
import HTTP
import Reactor
import Transport

/// Reading the body of an answer.
extension ClientConnection {
    /// Waits for the next bytes of the body and appends them to `buffer`.
    /// - Returns: how many; 0 at the end of the body.
    /// - Throws: `UpstreamError`.
    public func readBody(into buffer: ByteBuffer) async throws(UpstreamError) -> Int {
        while true {
            if let count = try readReceivedBody(into: buffer) { return count }
            guard case .body(var decoder) = state else { return 0 }
            if input.isEmpty, decoder.plainBytesLeft > 0, bodyLimit == .max {
                return try await readPlainBody(&decoder, into: buffer)
            }
            if try await receive(.body, until: context.loop.now + context.timeouts.stallMilliseconds) {
                continue
            }
            try end(&decoder)
            state = .body(decoder)
        }
    }

    /// Appends bytes of the body that have been received already to `buffer`.
    /// - Returns: how many; 0 at the end of the body, `nil` when more must be received first.
    /// - Throws: `UpstreamError`.
    public func readReceivedBody(into buffer: ByteBuffer) throws(UpstreamError) -> Int? {
        guard case .body(var decoder) = state else { return 0 }
        let input = input
        if case .length(let length) = decoder.framing, length > bodyLimit { throw tooLarge }
        while true {
            switch try next(&decoder) {
            case .data(let count):
                bodyBytes += UInt64(count)
                guard bodyBytes <= bodyLimit else { throw tooLarge }
                buffer.append(input.unread.extracting(0..<count))
                input.consume(count)
                noteBody(decoder)
                return count
            case .skip(let count): input.consume(count)
            case .end:
                endAnswer()
                return 0
            case .needsMore:
                state = .body(decoder)
                return nil
            }
        }
    }

    /// Hands out all of the body, if its length is announced and all of it has been received.
    /// - Parameters:
    ///   - most: the most bytes that are handed out.
    ///   - use: is called with them.
    /// - Returns: `false` when the body must be read.
    func takeReceivedBody(most: Int, _ use: (Span<UInt8>) -> Void) -> Bool {
        let input = input
        guard case .body(var decoder) = state, case .length = decoder.framing else { return false }
        let left = decoder.plainBytesLeft
        guard left <= input.count, left <= most, left <= bodyLimit else { return false }
        use(input.unread.extracting(0..<Int(left)))
        input.consume(Int(left))
        noteReceived(Int(left), &decoder)
        return true
    }

    /// Receives bytes of a body straight into the place where they are wanted.
    private func readPlainBody(
        _ decoder: inout ResponseBodyDecoder,
        into buffer: ByteBuffer
    ) async throws(UpstreamError) -> Int {
        if buffer.freeCount == 0 { buffer.reserve(16 * 1024) }
        let before = buffer.count
        let left = decoder.plainBytesLeft
        // Not a byte more: what follows an answer is nobody's, and the pool gives such a connection up.
        let most = Int(min(left, UInt64(buffer.freeCount)))
        let limit = context.loop.now + context.timeouts.stallMilliseconds
        guard try await receive(.body, into: buffer, most: most, until: limit) else {
            try end(&decoder)
            endAnswer()
            return 0
        }
        let count = buffer.count - before
        noteReceived(count, &decoder)
        return count
    }

    /// Notes that bytes of the body were taken without looking for its end.
    private func noteReceived(_ count: Int, _ decoder: inout ResponseBodyDecoder) {
        decoder.skip(count)
        bodyBytes += UInt64(count)
        noteBody(decoder)
    }

    func noteBody(_ decoder: ResponseBodyDecoder) {
        if decoder.isAtAnnouncedEnd {
            endAnswer()
        } else {
            state = .body(decoder)
        }
    }

    private func endAnswer() {
        state = keepsAlive && !isSendingBody ? .idle : .unusable
        isReused = true
    }

    /// The server has ended the connection within a body.
    private func end(_ decoder: inout ResponseBodyDecoder) throws(UpstreamError) {
        // Without TLS's closing alert anybody may have ended the stream (RFC 9112 section 9.8).
        guard decoder.connectionEnded(), !stream.isCutShort else {
            throw error(.truncated(received: bodyBytes))
        }
    }

    private func next(_ decoder: inout ResponseBodyDecoder) throws(UpstreamError) -> ChunkedDecoder.Step {
        let input = input
        do throws(ResponseError) {
            return try decoder.next(input.unread)
        } catch {
            throw malformed(error)
        }
    }
}
