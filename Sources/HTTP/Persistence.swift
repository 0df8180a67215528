import Bytes

/// Whether a connection lives on after a request (RFC 9112 section 9.3).
public enum Persistence {
    /// Whether the client means to keep the connection: HTTP/2 always, HTTP/1.1 unless it says `close`, HTTP/1.0 only if it says
    /// `keep-alive`.
    public static func isKeptAlive(_ head: RequestHead) -> Bool {
        switch head.version {
        case .http2: true
        case .http11:
            head.count(of: .connection) == 0 || !head.list(.connection, contains: "close")
        case .http10:
            head.list(.connection, contains: "keep-alive") && !head.list(.connection, contains: "close")
        }
    }
}
