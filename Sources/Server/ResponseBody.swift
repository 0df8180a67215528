/// The body of an answer.
public enum ResponseBody {
    /// None; its length is zero.
    case empty
    /// Bytes in memory.
    case bytes([UInt8])
    /// What is in the response's ``Response/inlineBytes``.
    case inline
    /// A part of a file.
    case file(OpenFile, Range<UInt64>)
    /// Pieces one after the other.
    case segments([Segment])
    /// Bytes made while they are sent. With a length the source must give exactly that many.
    case source(any BodySource, length: UInt64?)

    /// A piece of a body.
    public enum Segment {
        /// Bytes in memory.
        case bytes([UInt8])
        /// A part of a file.
        case file(OpenFile, Range<UInt64>)

        var length: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .file(_, let range): UInt64(range.count)
            }
        }
    }

    /// The length in bytes, or `nil` when it is not known beforehand.
    func length(inline: Int) -> UInt64? {
        switch self {
        case .empty: 0
        case .inline: UInt64(inline)
        case .bytes(let bytes): UInt64(bytes.count)
        case .file(_, let range): UInt64(range.count)
        case .segments(let segments): segments.reduce(0) { $0 + $1.length }
        case .source(_, let length): length
        }
    }
}
