/// What a viewer, or a request to one, is known by: text that whoever opened it has made up (contract 3.1).
///
/// It is opaque. Servers that check it refuse white space (contract 7.2), and so does this; neither does it
/// contain control characters, so that it can stand in messages.
public struct ViewerID: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes.
    public static let mostBytes = 128

    /// As it was given.
    public let text: String
    /// The text as it is compared.
    private let bytes: [UInt8]

    /// Checks an identifier; `nil` when it is empty, longer than ``mostBytes``, or contains white space or
    /// control characters.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.mostBytes else { return nil }
        // Nearly all are hexadecimal digits; asking Unicode of each takes longer than all else.
        if !text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
            for scalar in text.unicodeScalars {
                let isControl = scalar.properties.generalCategory == .control
                guard !isControl && !scalar.properties.isWhitespace else { return nil }
            }
        }
        bytes = Array(text.utf8)
        self.text = text
    }

    // Two texts that only look the same are different ones, unlike those of `String`.

    /// Whether both have the same bytes.
    public static func == (left: ViewerID, right: ViewerID) -> Bool {
        left.bytes == right.bytes
    }

    /// Feeds the bytes to `hasher`.
    public func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    /// The text.
    public var description: String { text }
}
