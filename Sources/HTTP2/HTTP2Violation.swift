/// A client did what no connection survives.
public enum HTTP2Violation: Sendable, Equatable, CustomStringConvertible {
    /// Not the frames of HTTP/2: the connection preface is missing, for example.
    case notHTTP2
    /// A header block in more CONTINUATION frames than are allowed.
    case continuations
    /// More resets than are allowed, the client's own and those that it provoked.
    case resets
    /// More frames that carry nothing than are allowed.
    case controlFrames

    /// What the GOAWAY frame says.
    public var errorCode: HTTP2ErrorCode {
        self == .notHTTP2 ? .protocolError : .enhanceYourCalm
    }

    /// What the client did, for the log.
    public var description: String {
        switch self {
        case .notHTTP2: "it does not speak HTTP/2"
        case .continuations: "header block in too many HTTP/2 frames"
        case .resets: "too many HTTP/2 stream resets"
        case .controlFrames: "too many HTTP/2 frames that carry nothing"
        }
    }
}
