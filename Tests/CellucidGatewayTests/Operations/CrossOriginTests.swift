import Bytes
import HTTP
import Testing

@testable import CellucidGateway

@Suite struct CrossOriginTests {
    private func isAllowed(_ origin: String) -> Bool { CrossOrigin.isAllowed(Array(origin.utf8).span) }

    private func head(_ lines: String...) throws -> RequestHead {
        let head = RequestHead()
        var parser = RequestParser()
        let bytes =
            Array((["POST / HTTP/1.1"] + lines).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8)
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        return head
    }

    /// The rule of the Cellucid servers: loopback names with any scheme and port, and the hosted viewer over https.
    @Test(
        arguments: [
            "http://localhost", "https://localhost", "http://localhost:8765", "https://localhost:1",
            "http://127.0.0.1",
            "https://127.0.0.1:65535", "http://LOCALHOST:3000", "HTTP://localhost",
            "https://www.cellucid.com",
            "https://cellucid.com", "https://cellucid.com:8443", "https://a.cellucid.com",
            "https://a.b.cellucid.com:444",
            "https://WWW.Cellucid.COM",
        ]
    )
    func allowed(origin: String) {
        #expect(isAllowed(origin))
    }

    @Test(
        arguments: [
            "", "null", "http://", "http://[::1]", "http://[::1]:8765", "http://www.cellucid.com",
            "http://cellucid.com",
            "https://xcellucid.com", "https://cellucid.com.evil.example", "https://.cellucid.com",
            "https://cellucid.comx",
            "https://evil.example/cellucid.com", "https://evil.example#.cellucid.com",
            "https://evil.example?.cellucid.com",
            "https://u@cellucid.com", "https://u:p@cellucid.com", "https://evil.example:80.cellucid.com",
            "https://cellucid.com:", "https://cellucid.com:80x", "http://localhost.evil.example",
            "http://xlocalhost",
            "http://127.0.0.2", "http://127.0.0.1.evil.example", "http://192.168.1.5", "http://0.0.0.0",
            "ftp://localhost", "file://",
            "localhost", "//localhost", "https://localhost/", "https://cellucid.com\\.evil",
            "http://localhost:80:80",
            "https://a_b.cellucid.com", "https:// .cellucid.com", "capacitor://localhost",
        ]
    )
    func notAllowed(origin: String) {
        #expect(!isAllowed(origin))
    }

    @Test func theFieldRepeatsTheOrigin() throws {
        let fields = ResponseFields()
        CrossOrigin.addFields(for: try head("Host: h", "Origin: http://LocalHost:1"), to: fields)
        #expect(fields.block.text() == "Access-Control-Allow-Origin: http://LocalHost:1\r\n")
        fields.removeAll()
        CrossOrigin.addFields(for: try head("Host: h", "Origin: http://evil.example"), to: fields)
        CrossOrigin.addFields(for: try head("Host: h"), to: fields)
        CrossOrigin.addFields(
            for: try head("Host: h", "Origin: http://localhost", "Origin: http://localhost"),
            to: fields
        )
        #expect(fields.isEmpty)
    }

    @Test func theFixedFields() {
        let fields = ResponseFields()
        CrossOrigin.addFixedFields(to: fields)
        let text = fields.block.text()
        #expect(text.contains("Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"))
        #expect(text.contains("Access-Control-Allow-Headers: Content-Type, Range"))
        #expect(text.contains("Content-Length, Content-Range"))
        #expect(!text.contains("Allow-Credentials"))
    }

    @Test(
        arguments: [
            ([], true), (["Origin: http://localhost:1"], true), (["Origin: https://cellucid.com"], true),
            (["Origin: http://gateway.example:8765"], true), (["Origin: https://gateway.example:8765"], true),
            (["Origin: http://gateway.example"], false), (["Origin: http://evil.example"], false),
            (["Origin: null"], false),
            (["Origin: http://gateway.example:8765.evil.example"], false),
            (["Origin: http://localhost", "Origin: http://evil.example"], false), (["Origin:"], false),
        ] as [([String], Bool)]
    )
    func whoMayChangeSomething(lines: [String], isAllowed: Bool) throws {
        let head = RequestHead()
        var parser = RequestParser()
        let text =
            (["POST / HTTP/1.1", "Host: gateway.example:8765"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
        #expect(try parser.parse(Array(text.utf8).span, into: head) == text.utf8.count)
        #expect(CrossOrigin.mayChangeState(head) == isAllowed)
    }
}
