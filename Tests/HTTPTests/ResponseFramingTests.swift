import Testing

@testable import HTTP

/// RFC 9112 section 6.3.
@Suite struct ResponseFramingTests {
    private func framing(_ status: String, _ fields: [String], to method: HTTP.Method = .get) throws
        -> ResponseFraming
    {
        try ResponseFraming(try ResponseFixture.head(["HTTP/\(status) Reason"] + fields), to: method)
    }

    @Test(
        arguments: [
            ("1.1 200", [], .get, .untilClose), ("1.0 200", [], .get, .untilClose),
            ("1.1 200", ["Content-Length: 0"], .get, .none),
            ("1.1 200", ["Content-Length: 5"], .get, .length(5)),
            ("1.0 404", ["Content-Length: 5"], .get, .length(5)),
            ("1.1 200", ["Transfer-Encoding: Chunked"], .get, .chunked),
            // Answers without a body, whatever their fields say.
            ("1.1 200", ["Content-Length: 5"], .head, .none), ("1.1 304", ["Content-Length: 5"], .get, .none),
            ("1.1 204", ["Transfer-Encoding: chunked"], .get, .none), ("1.1 101", [], .get, .none),
            ("1.1 200", ["Content-Length: 5"], .connect, .none),
            ("1.1 200", ["Content-Length: x"], .head, .none),
            ("1.1 407", ["Content-Length: 5"], .connect, .length(5)),
        ] as [(String, [String], HTTP.Method, ResponseFraming)]
    )
    func framings(status: String, fields: [String], method: HTTP.Method, expected: ResponseFraming) throws {
        #expect(try framing(status, fields, to: method) == expected)
    }

    @Test(
        arguments: [
            ("1.1 200", ["Content-Length: 5", "Transfer-Encoding: chunked"]),
            ("1.1 200", ["Content-Length: 5", "Content-Length: 5"]), ("1.1 200", ["Content-Length: 5, 5"]),
            ("1.1 200", ["Content-Length: +5"]), ("1.1 200", ["Content-Length:"]),
            ("1.1 200", ["Content-Length: 5 5"]),
            ("1.1 200", ["Content-Length: 99999999999999999999"]),
            ("1.1 200", ["Transfer-Encoding: gzip, chunked"]),
            ("1.1 200", ["Transfer-Encoding: identity"]), ("1.1 200", ["Transfer-Encoding:"]),
            ("1.1 200", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
            ("1.0 200", ["Transfer-Encoding: chunked"]),
        ]
    )
    func conflicts(status: String, fields: [String]) {
        #expect(throws: ResponseError.self) { try framing(status, fields) }
    }

    // MARK: Bodies

    /// What a decoder makes of pieces, and whether it saw the end.
    private func decode(
        _ framing: ResponseFraming,
        _ bytes: [UInt8],
        ends: [Int]
    ) throws -> (body: String, hasEnded: Bool, rest: Int) {
        var decoder = ResponseBodyDecoder(framing)
        var start = 0
        var body: [UInt8] = []
        for end in ends {
            loop: while true {
                switch try decoder.next(bytes.span.extracting(start..<end)) {
                case .data(let count):
                    body += bytes[start..<(start + count)]
                    start += count
                case .skip(let count): start += count
                case .end: return (String(decoding: body, as: UTF8.self), true, bytes.count - start)
                case .needsMore: break loop
                }
            }
        }
        return (String(decoding: body, as: UTF8.self), decoder.connectionEnded(), 0)
    }

    @Test(
        arguments: [
            (.none, "rest", "", 4), (.length(3), "abcrest", "abc", 4),
            (.chunked, "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\nrest", "abc", 4),
            (.untilClose, "abcrest", "abcrest", 0),
        ] as [(ResponseFraming, String, String, Int)]
    )
    func bodies(framing: ResponseFraming, text: String, body: String, rest: Int) throws {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            let result = try decode(framing, bytes, ends: [split, bytes.count])
            #expect(result.body == body && result.hasEnded && result.rest == rest, "split at \(split)")
        }
    }

    @Test(
        arguments: [(.length(9), "abc"), (.chunked, "2\r\na"), (.chunked, "0\r\n")]
            as [(ResponseFraming, String)]
    )
    func cutShort(framing: ResponseFraming, text: String) throws {
        let bytes = Array(text.utf8)
        #expect(try !decode(framing, bytes, ends: [bytes.count]).hasEnded)
    }
}
