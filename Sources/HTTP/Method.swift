import Bytes

/// A request method (RFC 9110 section 9).
public enum Method: Sendable, Equatable {
    case get, head, post, put, delete, options, patch, trace, connect
    /// A method this server does not know.
    case other

    /// Recognises a method; they are case-sensitive (RFC 9110 section 9.1).
    public init(_ name: Span<UInt8>) {
        if name.equals("GET") {
            self = .get
        } else if name.equals("HEAD") {
            self = .head
        } else if name.equals("POST") {
            self = .post
        } else if name.equals("OPTIONS") {
            self = .options
        } else if name.equals("PUT") {
            self = .put
        } else if name.equals("DELETE") {
            self = .delete
        } else if name.equals("PATCH") {
            self = .patch
        } else if name.equals("TRACE") {
            self = .trace
        } else if name.equals("CONNECT") {
            self = .connect
        } else {
            self = .other
        }
    }

    /// Whether it changes nothing on the server: a "safe" method (RFC 9110 section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        default: false
        }
    }
}
