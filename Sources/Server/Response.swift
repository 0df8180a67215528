public import Bytes
public import HTTP

/// An answer: status, fields and a body that is one of a few kinds.
///
/// Reused from request to request.
public final class Response {
    /// The status.
    public var status = Status.ok
    /// The fields, without those about length and connection, which the connection adds.
    public let fields = ResponseFields()
    /// The body.
    public var body = ResponseBody.empty
    /// The bytes of an ``ResponseBody/inline`` body: memory that is reused from answer to answer.
    public let inlineBytes = ByteBuffer(capacity: 1024)
    /// Whether the connection must end after this answer.
    public var closesConnection = false

    /// Makes an empty 200.
    public init() {}

    /// Forgets the last answer and keeps the memory.
    public func reset() {
        status = .ok
        fields.removeAll()
        body = .empty
        inlineBytes.removeAll()
        closesConnection = false
    }
}

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

extension Response {
    /// Makes it a short plain-text answer that says what was wrong.
    public func setError(_ error: HTTPError) {
        status = error.status
        setText("\(error.message)\n")
        if error.breaksFraming { closesConnection = true }
    }

    /// Makes it a plain-text answer.
    public func setText(_ text: String) {
        fields.add("Content-Type", "text/plain; charset=utf-8")
        fields.add("X-Content-Type-Options", "nosniff")
        body = .bytes(Array(text.utf8))
    }
}
