import Bytes
import HTTP
import Reactor
import Transport

/// Moving bytes, and what it means when that fails.
extension ClientConnection {
    /// Waits for more input.
    /// - Returns: `false` when the server has ended its side.
    func receive(
        _ phase: UpstreamError.Phase,
        until limit: Int64
    ) async throws(UpstreamError) -> Bool {
        try await receive(phase, into: makeRoom(), most: .max, until: limit)
    }

    /// The buffer of what was received, with room for more.
    func makeRoom() -> ByteBuffer {
        if input.freeCount < 1024 { input.reserve(8 * 1024) }
        return input
    }

    func receive(
        _ phase: UpstreamError.Phase,
        into buffer: ByteBuffer,
        most: Int,
        until limit: Int64
    ) async throws(UpstreamError) -> Bool {
        while true {
            switch try receiveAtOnce(into: buffer, most: most) {
            case .bytes: return true
            case .endOfStream: return false
            case .wouldBlock: break
            }
            let readiness = await stream.channel.waitReadable(until: min(limit, deadline))
            if let cause = cause(of: readiness, phase, until: limit) { throw error(cause) }
        }
    }

    /// Receives what has come.
    func receiveAtOnce(
        into buffer: ByteBuffer,
        most: Int
    ) throws(UpstreamError) -> ByteStream.ReadResult {
        guard stream.channel.isReadReady else { return .wouldBlock }
        do throws(StreamError) {
            let result = try stream.read(into: buffer, limit: most)
            if case .bytes = result { hasReceived = true }
            return result
        } catch {
            throw self.error(cause(of: error))
        }
    }

    /// Sends as much of `bytes` as the system takes at once and consumes that; a failure says nothing of what can be read.
    /// - Returns: whether that was all.
    func writeAtOnce(_ bytes: ByteBuffer) throws(UpstreamError) -> Bool {
        let nothing: [UInt8] = []
        do throws(StreamError) {
            while true {
                let count = bytes.isEmpty ? 0 : try stream.write(bytes.unread, nothing.span)
                bytes.consume(count)
                if bytes.isEmpty, try stream.flush() { return true }
                if !stream.channel.isWriteReady { return false }
            }
        } catch {
            throw UpstreamError(cause(of: error), at: origin.description)
        }
    }

    /// Sends all of `bytes` and consumes them; a failure says nothing of what can be read.
    func write(_ bytes: ByteBuffer) async throws(UpstreamError) {
        var limit = context.loop.now + context.timeouts.stallMilliseconds
        while true {
            let before = bytes.count
            if try writeAtOnce(bytes) { return }
            if bytes.count < before { limit = context.loop.now + context.timeouts.stallMilliseconds }
            let readiness = await stream.channel.waitWritable(until: min(limit, deadline))
            if let cause = cause(of: readiness, .request, until: limit) {
                throw UpstreamError(cause, at: origin.description)
            }
        }
    }

    func cause(
        of readiness: Readiness,
        _ phase: UpstreamError.Phase,
        until limit: Int64
    ) -> UpstreamError.Cause? {
        switch readiness {
        case .ready: nil
        case .interrupted: .cancelled
        case .timedOut: .timedOut(deadline <= limit ? .total : phase)
        }
    }

    // MARK: Errors

    var tooLarge: UpstreamError { error(.tooLarge(limit: bodyLimit)) }

    func error(_ cause: UpstreamError.Cause) -> UpstreamError {
        state = .unusable
        return UpstreamError(cause, at: origin.description)
    }

    func malformed(_ fault: ResponseError) -> UpstreamError {
        error(.malformedAnswer(fault.description))
    }

    func cause(of fault: StreamError) -> UpstreamError.Cause {
        if fault == .connectionLost, hasReceived { return .truncated(received: bodyBytes) }
        return UpstreamError.Cause(fault)
    }
}
