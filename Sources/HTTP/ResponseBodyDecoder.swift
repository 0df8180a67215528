import Bytes

/// Finds an answer's body in what is received, whatever delimits it; pure.
public struct ResponseBodyDecoder: Sendable {
    /// How the body is delimited.
    public let framing: ResponseFraming
    private var remaining: UInt64
    private var chunks = ChunkedDecoder()
    private var hasEnded: Bool

    /// Makes a decoder at the start of a body.
    public init(_ framing: ResponseFraming) {
        self.framing = framing
        remaining = if case .length(let length) = framing { length } else { 0 }
        hasEnded = framing == .none
    }

    /// Looks at the input without taking anything; the caller consumes what the step says.
    /// - Parameter input: what has been received and not yet consumed.
    /// - Returns: what the next bytes are.
    /// - Throws: `ResponseError` for chunks that are none.
    public mutating func next(_ input: Span<UInt8>) throws(ResponseError) -> ChunkedDecoder.Step {
        if hasEnded { return .end }
        switch framing {
        case .none: return .end
        case .untilClose: return input.isEmpty ? .needsMore : .data(input.count)
        case .length:
            if remaining == 0 { return .end }
            if input.isEmpty { return .needsMore }
            let count = Int(min(remaining, UInt64(input.count)))
            remaining -= UInt64(count)
            return .data(count)
        case .chunked:
            do throws(HTTPError) {
                return try chunks.next(input)
            } catch {
                throw ResponseError(error.message)
            }
        }
    }

    /// Bytes of the body that are still to come as they are, without any framing between them; 0 when that is not so.
    public var plainBytesLeft: UInt64 {
        switch framing {
        case .length: remaining
        case .untilClose: hasEnded ? 0 : .max
        case .none, .chunked: 0
        }
    }

    /// Whether all of it was found by ``next(_:)``, without the server having to say so.
    public var isAtAnnouncedEnd: Bool {
        if case .length = framing { return remaining == 0 }
        return hasEnded
    }

    /// Notes that bytes of the body were received elsewhere.
    /// - Parameter count: at most ``plainBytesLeft``.
    public mutating func skip(_ count: Int) {
        if case .length = framing { remaining -= UInt64(count) }
    }

    /// Notes that the server has ended the connection.
    /// - Returns: whether that is also the end of the body; otherwise the body was cut short.
    public mutating func connectionEnded() -> Bool {
        guard framing == .untilClose else { return false }
        hasEnded = true
        return true
    }
}
