import Bytes
import HTTP
import Testing

@testable import CellucidGateway

@Suite struct ServedAssetTests {
    private static let plain = Array("plain content".utf8)

    private func asset(
        _ codings: [Representation.Coding?],
        path: String = "assets/main.js"
    ) -> ServedAsset {
        ServedAsset(
            codings.map { ServedAsset.Coded(content: .memory(Self.plain), coding: $0) },
            size: UInt64(Self.plain.count),
            hash: String(repeating: "ab", count: 32),
            modifiedSeconds: 1_700_000_000,
            mediaType: MediaType.forPath(Array(path.utf8).span)
        )
    }

    private func request(_ fields: [(String, String)]) throws -> RequestHead {
        let head = RequestHead()
        let list = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a")] + fields
        for (name, value) in list { head.add(name: Array(name.utf8).span, value: Array(value.utf8).span) }
        try head.finishHTTP2()
        return head
    }

    @Test(
        arguments: [
            ("gzip, deflate, br", [nil, .gzip, .brotli], "br"), ("gzip", [nil, .gzip, .brotli], "gzip"),
            ("br", [nil, .gzip], ""), ("gzip, br", [nil, .gzip], "gzip"), ("", [nil, .gzip, .brotli], ""),
            ("gzip, br", [nil], ""), ("br;q=0, gzip;q=0", [nil, .gzip, .brotli], ""),
        ] as [(String, [Representation.Coding?], String)]
    )
    func codings(accepted: String, kept: [Representation.Coding?], sent: String) throws {
        let representation = asset(kept).representation(
            for: try request([("accept-encoding", accepted)]),
            .revalidated
        )
        let fields = String(decoding: representation.fields, as: UTF8.self)
        #expect(fields.contains("Content-Encoding: \(sent)\r\n") == !sent.isEmpty)
        #expect(fields.contains("\r\nContent-Encoding: ") == !sent.isEmpty)
        let suffix = sent.isEmpty ? "" : "-\(sent)"
        #expect(
            String(decoding: representation.entityTag, as: UTF8.self)
                == "\"\(String(repeating: "ab", count: 16))\(suffix)\""
        )
    }

    @Test func rangesAreOfThePlainBytes() throws {
        let request = try request([("accept-encoding", "gzip"), ("range", "bytes=0-1")])
        let representation = asset([nil, .gzip]).representation(for: request, .revalidated)
        #expect(!String(decoding: representation.fields, as: UTF8.self).contains("\r\nContent-Encoding: "))
    }

    /// The URL of a viewer's page can have its secret, which no other site is to see.
    @Test(arguments: [("index.html", true), ("assets/main.js", false), ("assets/a.json", false)])
    func pagesKeepTheirURLs(path: String, isPage: Bool) throws {
        let request = try request([])
        for caching in [Representation.Caching.revalidated, .immutable] {
            let fields = asset([nil], path: path).representation(for: request, caching).fields
            #expect(fields.span.text().contains("Referrer-Policy: same-origin\r\n") == isPage)
        }
    }

    @Test func caching() throws {
        let request = try request([])
        func fields(_ caching: Representation.Caching) -> String {
            String(decoding: asset([nil]).representation(for: request, caching).fields, as: UTF8.self)
        }
        #expect(fields(.immutable).contains("Cache-Control: public, max-age=31536000, immutable\r\n"))
        #expect(fields(.revalidated).contains("Cache-Control: no-cache\r\n"))
        #expect(fields(.immutable).contains("Content-Type: text/javascript; charset=utf-8\r\n"))
    }
}
