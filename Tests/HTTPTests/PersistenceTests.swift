import Testing

@testable import HTTP

@Suite struct PersistenceTests {
    /// RFC 9112 section 9.3.
    @Test(
        arguments: [
            ("1.1", [], true), ("1.1", ["close"], false), ("1.1", ["Close"], false),
            ("1.1", ["keep-alive"], true),
            ("1.1", ["upgrade"], true), ("1.1", ["keep-alive, close"], false),
            ("1.1", ["upgrade", "close"], false),
            ("1.1", ["closed"], true), ("1.1", [""], true),
            ("1.0", [], false), ("1.0", ["keep-alive"], true), ("1.0", ["Keep-Alive"], true),
            ("1.0", ["close"], false),
            ("1.0", ["close, keep-alive"], false), ("1.0", ["keep-alive", "close"], false),
            ("1.0", ["upgrade"], false),
        ] as [(String, [String], Bool)]
    )
    func table(version: String, connection: [String], isKeptAlive: Bool) throws {
        let lines = ["GET / HTTP/\(version)", "Host: h"] + connection.map { "Connection: \($0)" }
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var parser = RequestParser()
        let head = RequestHead()
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        #expect(Persistence.isKeptAlive(head) == isKeptAlive)
    }
}
