/// A part of a byte array as a dictionary key: hashing and comparing look at the part only.
///
/// Looking something up with a key over a request's bytes copies nothing; keys that stay in a dictionary are
/// made of a copy (``init(copying:)``).
public struct BytesKey: Hashable, Sendable {
    private let bytes: [UInt8]
    private let lower: Int
    private let upper: Int

    /// The part of `bytes` in `range`, sharing their storage.
    public init(_ bytes: [UInt8], _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        lower = range.lowerBound
        upper = range.upperBound
    }

    /// A key with storage of its own.
    public init(copying part: Span<UInt8>) {
        self.init(part.copied(), 0..<part.count)
    }

    /// A key of the UTF-8 of `text`.
    public init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes, 0..<bytes.count)
    }

    /// The bytes that count.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(lower..<upper) }
    }

    /// Feeds the part's bytes to `hasher`.
    public func hash(into hasher: inout Hasher) {
        unsafe span.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    /// Whether both parts hold the same bytes.
    public static func == (left: BytesKey, right: BytesKey) -> Bool { left.span.equals(right.span) }
}
