import HTTP
import Testing

@testable import CellucidGateway

/// Ranges for servers that do not know them.
@Suite struct PartOfWholeTests {
    /// The answer to a request for the ten digits: status, Content-Range, Accept-Ranges and body.
    private func answer(
        _ line: String,
        _ fields: [String],
        _ upstream: [String] = []
    ) throws -> (status: UInt16, range: [String], accepts: [String], text: String?) {
        let fixture = try ExchangeFixture(line, fields)
        let content = FileContent.memory(Array("0123456789".utf8))
        fixture.exchange.response.body = content.body
        PartOfWhole.answer(fixture.exchange, try BackendFixture.head(200, upstream), content)
        return (
            fixture.status, fixture.values("Content-Range"), fixture.values("Accept-Ranges"), fixture.text
        )
    }

    @Test(
        arguments: [
            ("bytes=0-3", "bytes 0-3/10", "0123"), ("bytes=4-", "bytes 4-9/10", "456789"),
            ("bytes=-3", "bytes 7-9/10", "789"), ("bytes=8-100", "bytes 8-9/10", "89"),
            ("bytes=-100", "bytes 0-9/10", "0123456789"), ("bytes=9-9", "bytes 9-9/10", "9"),
        ]
    )
    func parts(range: String, contentRange: String, text: String) throws {
        let answer = try answer("GET /a.bin", ["Range: \(range)"])
        #expect(answer == (206, [contentRange], ["bytes"], text))
    }

    @Test(arguments: ["bytes=10-", "bytes=10-12", "bytes=-0"]) func unsatisfiable(range: String) throws {
        let fixture = try ExchangeFixture("GET /a.bin", ["Range: \(range)"])
        fixture.exchange.response.fields.add("Cache-Control", "public, max-age=3600")
        fixture.exchange.response.fields.add("Content-Type", "application/octet-stream")
        let content = FileContent.memory(Array("0123456789".utf8))
        PartOfWhole.answer(fixture.exchange, try BackendFixture.head(200), content)
        #expect(fixture.status == 416)
        #expect(fixture.values("Content-Range") == ["bytes */10"])
        #expect(fixture.values("Accept-Ranges") == ["bytes"])
        #expect(fixture.values("Cache-Control") == ["no-store"])
        #expect(fixture.values("Vary") == ["Origin"])
    }

    /// The whole, and a word that ranges are possible.
    @Test(
        arguments: [
            [], ["Range: bytes=0-1,4-5"], ["Range: lines=0-1"], ["Range: bytes=x"], ["Range: bytes=5-1"],
            ["Range: bytes=0-1", "If-Range: \"a\""], ["Range: bytes=0-1", "Range: bytes=2-3"],
        ]
    )
    func whole(fields: [String]) throws {
        #expect(try answer("GET /a.bin", fields) == (200, [], ["bytes"], "0123456789"))
    }

    @Test func head() throws {
        let answer = try answer("HEAD /a.bin", ["Range: bytes=0-1"])
        #expect(answer.status == 200)
        #expect(answer.accepts == ["bytes"])
        #expect(answer.range == [])
    }

    /// What is coded cannot be cut, and who knows ranges has answered this one.
    @Test(
        arguments: [
            ("GET /a.bin", ["Content-Encoding: gzip"]), ("GET /a.bin", ["Accept-Ranges: none"]),
            ("GET /a.bin", ["accept-ranges: bytes"]), ("POST /a.bin", []),
        ] as [(String, [String])]
    )
    func untouched(line: String, upstream: [String]) throws {
        #expect(try answer(line, ["Range: bytes=0-1"], upstream) == (200, [], [], "0123456789"))
    }
}
