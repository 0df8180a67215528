import Bytes
import Testing

@testable import HTTP

/// RFC 9110 section 7.6.1.
@Suite struct HopByHopTests {
    @Test(
        arguments: [
            "Connection", "keep-alive", "Proxy-Connection", "TE", "te", "Trailer", "Transfer-Encoding",
            "UPGRADE",
            "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info",
        ]
    )
    func always(name: String) {
        let known = FieldName(Array(name.utf8).span)
        #expect(known?.isHopByHop == true)
    }

    @Test(
        arguments: [
            "", "Host", "T", "TX", "Trailers", "Upgrades", "Connections", "Keep_Alive", "Via", "Age",
            "Set-Cookie",
            "Content-Length", "Transfer-Encodings", "Proxy-Authenticat", "WWW-Authenticate", "X-Upgrade",
        ]
    )
    func never(name: String) {
        let known = FieldName(Array(name.utf8).span)
        #expect(known?.isHopByHop != true)
    }

    @Test(
        arguments: [
            ([], ["X-A": false, "Accept": false]),
            (["Connection: x-a"], ["X-A": true, "X-AB": false, "X": false, "Accept": false]),
            (["Connection: close, X-a ,,accept"], ["X-A": true, "X-B": false, "Accept": true]),
            (["Connection: x-a", "Connection: x-b"], ["X-A": true, "X-B": true, "X-C": false]),
            (["Connection:"], ["X-A": false]),
            (["Connection: keep-alive", "Connection: x-a"], ["X-A": true, "X-B": false]),
            (["Connection: Keep-Alive"], ["X-A": false]),
            // Another field with the same words names nothing.
            (["X-Connection: x-a"], ["X-A": false]),
        ] as [([String], [String: Bool])]
    )
    func namedByConnection(fields: [String], expected: [String: Bool]) throws {
        let names = expected.keys.sorted()
        let lines = fields + names.map { "\($0): 1" }
        let parts = ["GET / HTTP/1.1", "Host: h"] + lines
        let bytes = Array((parts.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var parser = RequestParser()
        let request = RequestHead()
        #expect(try parser.parse(bytes.span, into: request) == bytes.count)
        let response = try ResponseFixture.head(["HTTP/1.1 200 OK"] + lines)
        for (index, name) in names.enumerated() {
            let isForOneRequest = request.isHopByHop(
                at: 1 + fields.count + index,
                namesFields: request.namesConnectionFields
            )
            #expect(isForOneRequest == expected[name], "\(name)")
            let isForOne = response.isHopByHop(
                at: fields.count + index,
                namesFields: response.namesConnectionFields
            )
            #expect(isForOne == expected[name], "\(name)")
        }
    }
}
