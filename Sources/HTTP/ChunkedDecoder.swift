import Bytes

/// Takes the chunked transfer coding apart (RFC 9112 section 7.1), strictly and from any pieces.
///
/// Chunk extensions and trailer fields are checked for form and ignored.
public struct ChunkedDecoder: Sendable {
    /// What the next bytes of the input are.
    public enum Step: Sendable, Equatable {
        /// Framing: skip that many bytes.
        case skip(Int)
        /// Data of the body: that many bytes.
        case data(Int)
        /// The body has ended; what follows belongs to the next request.
        case end
        /// More input is needed to tell.
        case needsMore
    }

    private enum State: Sendable {
        case sizeLine
        case data(UInt64)
        case dataEnd
        case trailer
        case done
    }

    /// Bytes that a chunk's size line may have, its extensions included.
    private static let sizeLineBytes = 256
    /// Bytes that all trailer fields together may have.
    private static let trailerBytes = 8 * 1024

    private var state = State.sizeLine
    private var trailerRoom = trailerBytes

    /// Makes a decoder at the start of a body.
    public init() {}

    /// Looks at the input without taking anything; the caller consumes what the step says.
    /// - Parameter input: what has been received and not yet consumed.
    /// - Returns: what the next bytes are.
    /// - Throws: `HTTPError` 400 for anything that is not the coding.
    public mutating func next(_ input: Span<UInt8>) throws(HTTPError) -> Step {
        switch state {
        case .done:
            return .end
        case .data(let left):
            if input.isEmpty { return .needsMore }
            let count = Int(min(left, UInt64(input.count)))
            state = left == UInt64(count) ? .dataEnd : .data(left - UInt64(count))
            return .data(count)
        case .dataEnd:
            if input.count >= 1, input[0] != 0x0d { throw .malformed("a chunk is longer than its size") }
            if input.count < 2 { return .needsMore }
            guard input[1] == 0x0a else { throw .malformed("a chunk does not end in CR LF") }
            state = .sizeLine
            return .skip(2)
        case .sizeLine:
            guard let line = try line(input, limit: Self.sizeLineBytes) else { return .needsMore }
            let size = try chunkSize(input.extracting(0..<line))
            state = size == 0 ? .trailer : .data(size)
            return .skip(line + 2)
        case .trailer:
            guard let line = try line(input, limit: trailerRoom) else { return .needsMore }
            if line == 0 {
                state = .done
            } else {
                try checkTrailer(input.extracting(0..<line))
                trailerRoom -= line + 2
            }
            return .skip(line + 2)
        }
    }

    /// Length of the first line without its CR LF; `nil` when its end has not come yet.
    private func line(_ input: Span<UInt8>, limit: Int) throws(HTTPError) -> Int? {
        guard let newline = input.firstOffset(of: 0x0a) else {
            if input.count > limit { throw .malformed("a line of the chunked body is too long") }
            return nil
        }
        guard newline <= limit else { throw .malformed("a line of the chunked body is too long") }
        guard newline > 0, input[newline - 1] == 0x0d else {
            throw .malformed("a line of the chunked body ends in LF without CR")
        }
        return newline - 1
    }

    private func chunkSize(_ line: Span<UInt8>) throws(HTTPError) -> UInt64 {
        var size: UInt64 = 0
        var digits = 0
        while digits < line.count, let digit = ASCII.hexadecimalValue(line[digits]) {
            guard digits < 15 else { throw .malformed("a chunk's size is too large") }
            size = size << 4 | UInt64(digit)
            digits += 1
        }
        guard digits > 0 else { throw .malformed("a chunk's size is not a hexadecimal number") }
        guard digits == line.count || line[digits] == UInt8(ascii: ";") else {
            throw .malformed("a chunk's size is followed by something other than an extension")
        }
        guard !line.containsControlCharacter(from: 0, to: line.count) else {
            throw .malformed("a chunk extension has a control character")
        }
        return size
    }

    private func checkTrailer(_ line: Span<UInt8>) throws(HTTPError) {
        let colon = line.tokenLength()
        guard colon > 0, colon < line.count, line[colon] == 0x3a,
            !line.containsControlCharacter(from: colon, to: line.count)
        else { throw .malformed("a trailer field is malformed") }
    }
}
