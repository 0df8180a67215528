/// Why a stream or a connection ends (RFC 9113 section 7).
public struct HTTP2ErrorCode: Sendable, Equatable {
    /// The number sent in RST_STREAM and GOAWAY frames.
    public let rawValue: UInt32

    /// Makes a code; unknown ones are allowed.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noError = HTTP2ErrorCode(rawValue: 0x0)
    public static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
    public static let internalError = HTTP2ErrorCode(rawValue: 0x2)
    public static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
    public static let cancel = HTTP2ErrorCode(rawValue: 0x8)
    public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
}
