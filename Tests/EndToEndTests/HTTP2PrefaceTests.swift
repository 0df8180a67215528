import TestSupport
import Testing

/// How a port without TLS tells HTTP/2 from HTTP/1.1 by a client's first bytes, however they are cut.
struct HTTP2PrefaceTests {
    private static let target = "/pbmc_q16/points_2d.bin"
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let gateway: GatewayProcessUnderTest

    init() throws { gateway = try GatewayProcessUnderTest([Repository.demo, "--h2c"]) }

    // MARK: HTTP/2

    /// Preface, SETTINGS and a request on stream 1.
    private var request: [UInt8] {
        // HPACK (RFC 7541): indexed `:method: GET` and `:scheme: http`, the others as literals without an index.
        var block: [UInt8] = [0x82, 0x86]
        for (index, value) in [(0x04, Self.target), (0x01, "127.0.0.1:\(gateway.port)")] as [(UInt8, String)]
        {
            block += [index, UInt8(value.utf8.count)] + Array(value.utf8)
        }
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        // END_STREAM and END_HEADERS.
        return Self.preface + settings + [0, 0, UInt8(block.count), 1, 5, 0, 0, 0, 1] + block
    }

    /// The frames of an answer on stream 1, up to its end.
    private struct Answer: Equatable {
        var types: [UInt8] = []
        /// The first byte of the header block; 0x88 is `:status: 200` (RFC 7541 appendix A).
        var status: UInt8 = 0
        var body: [UInt8] = []
    }

    private func readAnswer(_ connection: RawConnection) throws -> Answer {
        var answer = Answer()
        while true {
            let header = try connection.readBytes(9)
            let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            let payload = try connection.readBytes(length)
            guard header[5...] == [0, 0, 0, 1] else { continue }
            answer.types.append(header[3])
            if header[3] == 1 { answer.status = payload.first ?? 0 }
            if header[3] == 0 { answer.body += payload }
            if header[4] & 1 == 1 { return answer }
        }
    }

    private var expected: Answer {
        Answer(types: [1, 0], status: 0x88, body: readFile(Repository.demo + Self.target) ?? [])
    }

    @Test("Cut in two at any byte, the preface and a request are understood")
    func twoPieces() throws {
        let request = request
        for cut in 1..<request.count {
            let connection = try gateway.connect()
            try connection.send(request[..<cut])
            try connection.send(request[cut...])
            #expect(try readAnswer(connection) == expected, "cut after \(cut) bytes")
        }
    }

    @Test(
        "In pieces of any size, the preface and a request are understood",
        arguments: [1, 2, 3, 5, 8, 23, 24, 25, 33]
    )
    func pieces(size: Int) throws {
        let request = request
        for _ in 0..<3 {
            let connection = try gateway.connect()
            var start = 0
            while start < request.count {
                let end = min(start + size, request.count)
                try connection.send(request[start..<end])
                start = end
            }
            #expect(try readAnswer(connection) == expected)
        }
    }

    @Test("A client that ends within the preface gets nothing", arguments: [0, 1, 3, 12, 18, 23])
    func endsWithin(length: Int) throws {
        let connection = try gateway.connect()
        try connection.send(Self.preface[..<length])
        connection.finishSending()
        #expect(try connection.endsWithoutMore())
        #expect(try gateway.connect().exchange("GET", "/_gateway/livez").status == 200)
    }

    @Test("A preface that goes wrong is a malformed request of HTTP/1.1", arguments: 1...23)
    func broken(position: Int) throws {
        // With `Q` in place of a byte, and an end that a parser of HTTP/1.1 finds in any case.
        var bytes = Self.preface
        bytes[position] = UInt8(ascii: "Q")
        let connection = try gateway.connect()
        try connection.send(bytes + Array("\r\n\r\n".utf8))
        connection.finishSending()
        let answer = try connection.readResponse()
        #expect([400, 505].contains(answer.status))
        #expect(try connection.readToEndOrReset().isEmpty)
    }

    @Test("Without --h2c the preface is an HTTP/1.1 request that is refused")
    func notAllowed() throws {
        let plain = try GatewayProcessUnderTest([Repository.demo])
        let connection = try plain.connect()
        try connection.send(request)
        #expect([400, 505].contains(try connection.readResponse().status))
    }

    // MARK: HTTP/1.1

    /// A request as text, shown by its first line.
    struct Sample: Sendable, CustomTestStringConvertible {
        let text: String

        var testDescription: String { text.split(separator: "\r\n").first.map(String.init) ?? "" }

        func bytes(_ gateway: GatewayProcessUnderTest) -> [UInt8] {
            Array(text.replacing("HOST", with: "127.0.0.1:\(gateway.port)").utf8)
        }
    }

    /// Requests that begin like the preface; `HOST` is replaced by the address.
    private static let likePreface = [
        "P / HTTP/1.1\r\nHost: HOST\r\n\r\n", "PR / HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "PRI / HTTP/1.1\r\nHost: HOST\r\n\r\n", "PRI * HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "PRINT /pbmc_q16/obs_manifest.json HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n",
        "POST /_cellucid/events HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello",
        "GET /pbmc_q16/obs_manifest.json HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /_gateway/livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ].map(Sample.init(text:))

    @Test("HTTP/1.1 on the same port gets the answers that it gets elsewhere", arguments: likePreface)
    func http1(sample: Sample) throws {
        let plain = try GatewayProcessUnderTest([Repository.demo])
        let other = try plain.connect()
        try other.send(sample.bytes(plain))
        let expected = try other.readResponse()
        // Only OPTIONS may be about `*`.
        let isMalformed = sample.text.contains(" * ")
        #expect(isMalformed ? expected.status == 400 : [200, 404, 405].contains(expected.status))
        let request = sample.bytes(gateway)
        for cut in 1..<request.count {
            let connection = try gateway.connect()
            try connection.send(request[..<cut])
            try connection.send(request[cut...])
            let answer = try connection.readResponse()
            #expect(answer.lasting == expected.lasting, "cut after \(cut) bytes")
            // The second request of a connection is not looked at for the preface.
            if !isMalformed { #expect(try connection.exchange("PRI", "/none").status == 405) }
        }
    }

    @Test("Byte by byte, HTTP/1.1 on the same port gets the same answers", arguments: likePreface)
    func singleBytes(sample: Sample) throws {
        let request = sample.bytes(gateway)
        let whole = try gateway.connect()
        try whole.send(request)
        let expected = try whole.readResponse()
        let connection = try gateway.connect()
        for byte in request { try connection.send([byte]) }
        #expect(try connection.readResponse().lasting == expected.lasting)
    }

    @Test("Requests sent without waiting for answers are all answered, after one that looks like the preface")
    func pipelined() throws {
        let connection = try gateway.connect()
        let requests = [
            ("PRI", "/none"), ("GET", Self.target), ("PRI", "/_gateway/"), ("GET", "/_gateway/livez"),
        ]
        try connection.send(requests.map { connection.request($0.0, $0.1) }.joined())
        let answers = try requests.map { _ in try connection.readResponse() }
        #expect(answers.map(\.status) == [405, 200, 405, 200])
        #expect(answers[1].body == readFile(Repository.demo + Self.target))
    }
}
