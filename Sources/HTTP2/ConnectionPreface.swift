import Bytes

/// What a client of HTTP/2 sends first (RFC 9113 section 3.4).
public enum ConnectionPreface {
    /// What the first bytes of a connection are.
    public enum Beginning: Sendable, Equatable {
        /// The preface: the client speaks HTTP/2.
        case http2
        /// Something else.
        case other
        /// Too few bytes to tell.
        case tooShort
    }

    /// Its length in bytes.
    static let length = 24
    private static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// Looks at the first bytes of a connection.
    public static func recognise(_ bytes: Span<UInt8>) -> Beginning {
        for index in 0..<min(bytes.count, length) where unsafe bytes[index] != text.utf8Start[index] {
            return .other
        }
        return bytes.count < length ? .tooShort : .http2
    }
}
