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

    /// Notes that the server has ended the connection.
    /// - Returns: whether that is also the end of the body; otherwise the body was cut short.
    public mutating func connectionEnded() -> Bool {
        guard framing == .untilClose else { return false }
        hasEnded = true
        return true
    }
}
