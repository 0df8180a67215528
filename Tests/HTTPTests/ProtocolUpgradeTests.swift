import Testing

@testable import HTTP

@Suite struct ProtocolUpgradeTests {
    private func head(_ method: String, _ version: String, _ fields: [String]) throws -> RequestHead {
        let lines = ["\(method) / HTTP/\(version)", "Host: h"] + fields
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var parser = RequestParser()
        let head = RequestHead()
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        return head
    }

    /// RFC 9110 section 7.8 and RFC 6455 section 4.2.1.
    @Test(
        arguments: [
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket"], true, true),
            ("GET", "1.1", ["Connection: keep-alive, upgrade", "Upgrade: WebSocket"], true, true),
            (
                "GET", "1.1", ["Connection: keep-alive", "Connection: UPGRADE", "Upgrade: websocket"], true,
                true
            ),
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 0"], true, true),
            ("GET", "1.1", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"], true, false),
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket, h2c"], true, false),
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"], true, false),
            ("POST", "1.1", ["Connection: Upgrade", "Upgrade: websocket"], true, false),
            ("GET", "1.1", ["Connection: Upgrade"], false, false),
            ("GET", "1.1", ["Upgrade: websocket"], false, false),
            ("GET", "1.1", ["Connection: upgraded", "Upgrade: websocket"], false, false),
            ("GET", "1.0", ["Connection: Upgrade", "Upgrade: websocket"], false, false),
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 1"], false, false),
            ("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: x"], false, false),
            (
                "GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket", "Transfer-Encoding: chunked"],
                false,
                false
            ),
        ] as [(String, String, [String], Bool, Bool)]
    )
    func table(method: String, version: String, fields: [String], isAsked: Bool, isWebSocket: Bool) throws {
        let head = try head(method, version, fields)
        #expect(ProtocolUpgrade.isAsked(by: head) == isAsked)
        #expect(ProtocolUpgrade.isWebSocketAsked(by: head) == isWebSocket)
    }

    @Test func otherVersionsHaveNone() throws {
        let head = try head("GET", "1.1", ["Connection: Upgrade", "Upgrade: websocket"])
        head.version = .http2
        #expect(!ProtocolUpgrade.isAsked(by: head))
    }
}
