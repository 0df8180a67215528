import Bytes

/// A place in the body of an answer that is sent piece by piece, as much at a time as the client takes.
struct BodyCursor {
    private enum Piece {
        case bytes([UInt8])
        case buffer(ByteBuffer)
        case file(OpenFile, Range<UInt64>)

        init(_ segment: ResponseBody.Segment) {
            switch segment {
            case .bytes(let bytes): self = .bytes(bytes)
            case .file(let file, let range): self = .file(file, range)
            }
        }

        var length: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .buffer(let buffer): UInt64(buffer.count)
            case .file(_, let range): UInt64(range.count)
            }
        }
    }

    /// Bytes of a file that are sent between two looks at whether it is still the same.
    private static let fileBytesBetweenChecks: UInt64 = 2 * 1024 * 1024

    private var piece: Piece
    private var following: ArraySlice<ResponseBody.Segment> = []
    /// How much of the current piece has gone.
    private var offset: UInt64 = 0
    private var uncheckedBytes: UInt64 = 0

    /// Begins at the start of a body whose length is known.
    /// - Parameters:
    ///   - body: not a source.
    ///   - inline: the memory of an inline body, which stays as it is meanwhile.
    init(_ body: ResponseBody, inline: ByteBuffer) {
        switch body {
        case .empty, .source: piece = .bytes([])
        case .inline: piece = .buffer(inline)
        case .bytes(let bytes): piece = .bytes(bytes)
        case .file(let file, let range): piece = .file(file, range)
        case .segments(let segments):
            piece = segments.first.map(Piece.init) ?? .bytes([])
            following = segments.dropFirst()
        }
    }

    /// Appends the next `count` bytes to `buffer`.
    /// - Returns: `false` when a file has changed or is shorter than it was: the answer cannot be completed then, and
    ///   what was appended is of no use.
    mutating func append(_ count: Int, to buffer: ByteBuffer) -> Bool {
        var left = UInt64(count)
        while left > 0 {
            let length = piece.length
            let part = offset..<min(offset + left, length)
            guard append(part, of: length, to: buffer) else { return false }
            left -= UInt64(part.count)
            offset = part.upperBound
            if offset == length, left > 0 {
                guard let next = following.popFirst() else { return false }
                piece = Piece(next)
                offset = 0
            }
        }
        return true
    }

    private mutating func append(_ part: Range<UInt64>, of length: UInt64, to buffer: ByteBuffer) -> Bool {
        let range = Int(part.lowerBound)..<Int(part.upperBound)
        switch piece {
        case .bytes(let bytes): buffer.append(bytes.span.extracting(range))
        case .buffer(let held): buffer.append(held.unread.extracting(range))
        case .file(let file, let whole):
            let start = whole.lowerBound + part.lowerBound
            guard file.read(start..<(start + UInt64(part.count)), into: buffer) else { return false }
            uncheckedBytes += UInt64(part.count)
            if part.upperBound == length || uncheckedBytes >= Self.fileBytesBetweenChecks {
                uncheckedBytes = 0
                return file.isUnchanged
            }
        }
        return true
    }
}
