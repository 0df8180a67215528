import Bytes

/// Requests that ask to go on in another protocol on the same connection (RFC 9110 section 7.8).
public enum ProtocolUpgrade {
    /// Whether the client asks for an upgrade in a way that may be granted.
    ///
    /// It takes HTTP/1.1, an Upgrade field that the Connection field names, and no body: then what follows the head
    /// belongs to the new protocol. HTTP/1.0 has no upgrade (RFC 9110 section 7.8), nor has HTTP/2 (RFC 9113 section 8.6).
    public static func isAsked(by head: RequestHead) -> Bool {
        head.version == .http11 && head.method != .connect
            && head.count(of: .upgrade) > 0 && head.list(.connection, contains: "upgrade")
            && (try? BodyFraming(head)) == BodyFraming.none
    }

    /// Whether the client asks for WebSocket (RFC 6455 section 4.2.1) and for nothing else.
    ///
    /// A proxy that passes other upgrades on lets clients speak past its own rules; `h2c` is known for it.
    public static func isWebSocketAsked(by head: RequestHead) -> Bool {
        guard isAsked(by: head), head.method == .get, head.count(of: .upgrade) == 1 else { return false }
        return head.value(.upgrade)?.equalsIgnoringCase("websocket") ?? false
    }
}
