import Testing

@testable import HTTP

@Suite struct BodyFramingTests {
    private func framing(_ version: String, _ lines: [String]) throws -> BodyFraming {
        var parser = RequestParser()
        let head = RequestHead()
        let text = (["POST / HTTP/\(version)", "Host: h"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
        let bytes = Array(text.utf8)
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        return try BodyFraming(head)
    }

    @Test(
        arguments: [
            ("1.1", [], .none), ("1.0", [], .none), ("1.1", ["Content-Length: 0"], .none),
            ("1.1", ["Content-Length: 000"], .none), ("1.1", ["content-length:5"], .length(5)),
            ("1.1", ["Content-Length: 007 "], .length(7)), ("1.0", ["Content-Length: 12"], .length(12)),
            ("1.1", ["Content-Length: 999999999999999999"], .length(999_999_999_999_999_999)),
            ("1.1", ["Transfer-Encoding: chunked"], .chunked),
            ("1.1", ["transfer-encoding:\tCHUNKED "], .chunked),
            ("1.1", ["Transfer-Encodin: chunked"], .none), ("1.1", ["TE: chunked"], .none),
        ] as [(String, [String], BodyFraming)]
    )
    func framings(version: String, lines: [String], expected: BodyFraming) throws {
        #expect(try framing(version, lines) == expected)
    }

    /// Every way to make two programs see two different bodies.
    @Test(
        arguments: [
            // Both at once.
            ("1.1", ["Content-Length: 5", "Transfer-Encoding: chunked"], 400),
            ("1.1", ["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
            ("1.1", ["Transfer-Encoding: chunked", "Content-Length: 0"], 400),
            ("1.1", ["Transfer-Encoding: identity", "Content-Length: 5"], 400),
            ("1.1", ["Transfer-Encoding:", "Content-Length: 5"], 400),
            // Content-Length that is not one number.
            ("1.1", ["Content-Length: 5", "Content-Length: 5"], 400),
            ("1.1", ["Content-Length: 5", "Content-Length: 6"], 400),
            ("1.1", ["Content-Length: 0", "Content-Length: 5"], 400),
            ("1.1", ["Content-Length: 5, 5"], 400), ("1.1", ["Content-Length: 5,6"], 400),
            ("1.1", ["Content-Length:"], 400), ("1.1", ["Content-Length: +5"], 400),
            ("1.1", ["Content-Length: -5"], 400),
            ("1.1", ["Content-Length: 0x5"], 400), ("1.1", ["Content-Length: 5a"], 400),
            ("1.1", ["Content-Length: a"], 400),
            ("1.1", ["Content-Length: 5 5"], 400), ("1.1", ["Content-Length: 5.0"], 400),
            ("1.1", ["Content-Length: 1e3"], 400),
            ("1.1", ["Content-Length: \"5\""], 400), ("1.1", ["Content-Length: 5;"], 400),
            ("1.1", ["Content-Length: 9999999999999999999"], 400),
            ("1.1", ["Content-Length: 18446744073709551621"], 400),
            ("1.1", ["Content-Length: 99999999999999999999999999"], 400),
            ("1.1", ["Content-Length: \u{661}"], 400),
            // Transfer codings.
            ("1.1", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
            ("1.1", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], 400),
            ("1.1", ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"], 400),
            ("1.1", ["Transfer-Encoding: gzip, chunked"], 501),
            ("1.1", ["Transfer-Encoding: chunked, chunked"], 501),
            ("1.1", ["Transfer-Encoding: chunked, identity"], 501),
            ("1.1", ["Transfer-Encoding: identity"], 501),
            ("1.1", ["Transfer-Encoding: xchunked"], 501), ("1.1", ["Transfer-Encoding: chunke"], 501),
            ("1.1", ["Transfer-Encoding: chunkedx"], 501), ("1.1", ["Transfer-Encoding: \"chunked\""], 501),
            ("1.1", ["Transfer-Encoding: chunked;q=1"], 501), ("1.1", ["Transfer-Encoding: ,chunked"], 501),
            ("1.1", ["Transfer-Encoding:"], 501), ("1.1", ["Transfer-Encoding: chun\tked"], 501),
            ("1.0", ["Transfer-Encoding: chunked"], 400), ("1.0", ["Transfer-Encoding: identity"], 400),
            ("1.0", ["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        ] as [(String, [String], UInt16)]
    )
    func smuggling(version: String, lines: [String], status: UInt16) {
        let error = #expect(throws: HTTPError.self) { try framing(version, lines) }
        #expect(error?.status == Status(status))
        #expect(error?.breaksFraming == true, "nobody knows where the next request begins")
    }

    /// What a lenient parser would take for a Transfer-Encoding is refused before the fields are looked at.
    @Test(
        arguments: [
            "Transfer-Encoding : chunked", " Transfer-Encoding: chunked", "Transfer-Encoding: \u{b}chunked",
            "Transfer-Encoding: chunked\u{0}", "X: y\nTransfer-Encoding: chunked",
            "Transfer\u{0}-Encoding: chunked",
            "Transfer-Encoding\u{0}: chunked", "X: y\r Transfer-Encoding: chunked",
            "Transfer-Encoding:\r\n chunked",
        ]
    )
    func disguises(line: String) {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\(line)\r\n\r\n"
        guard case .refused(let error) = RequestFixture.parse(text) else {
            Issue.record("taken")
            return
        }
        #expect(error.status == .badRequest)
        #expect(error.breaksFraming)
    }
}
