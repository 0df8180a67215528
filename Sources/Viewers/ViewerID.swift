import Bytes

/// What a viewer, or a request to one, is known by: text that whoever opened it has made up (contract 3.1).
///
/// It is opaque. Servers that check it refuse white space (contract 7.2), and so does this; neither does it
/// contain control characters, so that it can stand in messages.
public struct ViewerID: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes.
    public static let mostBytes = 128

    /// UTF-8, as it was given and as it is compared.
    @usableFromInline let bytes: [UInt8]
    /// The first eight bytes and the next eight ones, with zeros for those that are not there: all of nearly every
    /// identifier, which is looked up and compared several times for each event.
    @usableFromInline let words: (UInt64, UInt64)

    /// Checks an identifier; `nil` when it is empty, longer than ``mostBytes``, or contains white space or
    /// control characters.
    public init?(_ text: String) { self.init(utf8: Array(text.utf8)) }

    /// Checks an identifier as ``init(_:)`` does.
    /// - Parameter bytes: UTF-8.
    public init?(utf8 bytes: [UInt8]) {
        guard !bytes.isEmpty, bytes.count <= Self.mostBytes else { return nil }
        // Nearly all are hexadecimal digits; asking Unicode of each takes longer than all else.
        if !bytes.span.isVisibleASCII {
            for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
                let isControl = scalar.properties.generalCategory == .control
                guard !isControl && !scalar.properties.isWhitespace else { return nil }
            }
        }
        self.bytes = bytes
        words = (bytes.span.paddedWord(at: 0), bytes.span.paddedWord(at: 8))
    }

    /// As it was given.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    // Two texts that only look the same are different ones, unlike those of `String`.

    /// Whether both have the same bytes.
    @inlinable
    public static func == (left: ViewerID, right: ViewerID) -> Bool {
        guard left.words == right.words, left.bytes.count == right.bytes.count else { return false }
        return left.bytes.count <= 16 || areEqual(bytesOf: left, right)
    }

    @usableFromInline
    static func areEqual(bytesOf left: ViewerID, _ right: ViewerID) -> Bool {
        left.bytes.span.equals(right.bytes.span)
    }

    /// Feeds what stands for the bytes to `hasher`.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        // All of them, since whoever makes up identifiers could make many that are equal in some.
        if bytes.count > 16 { return hashBytes(into: &hasher) }
        hasher.combine(words.0)
        hasher.combine(words.1)
    }

    @usableFromInline
    func hashBytes(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    /// The text.
    public var description: String { text }
}
