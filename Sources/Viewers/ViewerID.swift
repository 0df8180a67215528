import Bytes

/// What a viewer, or a request to one, is known by: text that whoever opened it has made up (contract 3.1).
///
/// It is opaque. Servers that check it refuse white space (contract 7.2), and so does this; neither does it
/// contain control characters, so that it can stand in messages.
public struct ViewerID: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes.
    public static let mostBytes = 128

    /// UTF-8, as it was given and as it is compared.
    private let bytes: [UInt8]
    private let hash: Int

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
        // It is looked up several times for each event.
        var hasher = Hasher()
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        hash = hasher.finalize()
    }

    /// As it was given.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    // Two texts that only look the same are different ones, unlike those of `String`.

    /// Whether both have the same bytes.
    public static func == (left: ViewerID, right: ViewerID) -> Bool {
        left.hash == right.hash && left.bytes == right.bytes
    }

    /// Feeds what stands for the bytes to `hasher`.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The text.
    public var description: String { text }
}
