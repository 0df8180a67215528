import TestSupport
import Testing

/// Requests that arrive in pieces.
struct SplitRequestTests {
    /// A request as text, shown by its first line.
    struct Sample: Sendable, CustomTestStringConvertible {
        let text: String

        var testDescription: String { text.split(separator: "\r\n").first.map(String.init) ?? "" }
    }

    /// Valid requests of every shape; `HOST` is replaced by the address.
    private static let corpus = [
        "GET /pbmc_q16/var_manifest.json HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /pbmc_q16/nothing HTTP/1.1\r\nhost:HOST\r\n\r\n",
        "HEAD /pbmc_gzip/points_2d.bin.gz HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\n\r\n",
        "GET /pbmc_q16/points_2d.bin HTTP/1.1\r\nHost: HOST\r\nRange: bytes=8-15\r\n\r\n",
        "GET /pbmc_q16/points_2d.bin HTTP/1.1\r\nHost: HOST\r\nRange: bytes=-1\r\n\r\n",
        "GET /pbmc_q16/obs_manifest.json HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /pbmc_q16/dataset_identity.json HTTP/1.1\r\nHost: HOST\r\nIf-None-Match: *\r\n\r\n",
        "\r\nGET http://HOST/pbmc_q16?a=b HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: HOST\r\nOrigin: http://localhost:3000\r\n\r\n",
        "POST /nothing HTTP/1.1\r\nHost: HOST\r\nContent-Length: 12\r\n\r\nhello\r\n\r\nyou",
        "GET /_cellucid/health HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
        "GET /_cellucid/health HTTP/1.0\r\nConnection: keep-alive\r\nX: \t \r\n\r\n",
    ].map(Sample.init(text:))

    @Test("Cut in two at any byte, a request gets the same answer", arguments: corpus)
    func twoPieces(sample: Sample) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let request = bytes(sample, gateway)
        let expected = try wholeAnswer(request, gateway)
        let connection = try gateway.connect()
        for cut in 1..<request.count {
            try connection.send(request[..<cut])
            try connection.send(request[cut...])
            let answer = try readAnswer(to: request, connection)
            #expect(answer == expected, "cut after \(cut) bytes")
        }
    }

    @Test("Sent byte by byte, a request gets the same answer", arguments: corpus)
    func singleBytes(sample: Sample) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let request = bytes(sample, gateway)
        let expected = try wholeAnswer(request, gateway)
        let connection = try gateway.connect()
        for _ in 0..<3 {
            for byte in request { try connection.send([byte]) }
            let answer = try readAnswer(to: request, connection)
            #expect(answer == expected)
        }
    }

    @Test("All requests one after the other, in pieces of any size, get the same answers")
    func streamInPieces() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let requests = Self.corpus.map { bytes($0, gateway) }
        let expected = try requests.map { try wholeAnswer($0, gateway) }
        let stream = Array(requests.joined())
        for size in [2, 3, 7, 64, 500] {
            let connection = try gateway.connect()
            var start = 0
            while start < stream.count {
                let end = min(start + size, stream.count)
                try connection.send(stream[start..<end])
                start = end
            }
            for (request, answer) in zip(requests, expected) {
                let received = try readAnswer(to: request, connection)
                #expect(received == answer, "pieces of \(size) bytes")
            }
        }
    }

    private func bytes(_ sample: Sample, _ gateway: GatewayProcessUnderTest) -> [UInt8] {
        Array(sample.text.replacing("HOST", with: "127.0.0.1:\(gateway.port)").utf8)
    }

    private func wholeAnswer(
        _ request: [UInt8],
        _ gateway: GatewayProcessUnderTest
    ) throws -> RawResponse.Lasting {
        let connection = try gateway.connect()
        try connection.send(request)
        return try readAnswer(to: request, connection)
    }

    private func readAnswer(
        to request: [UInt8],
        _ connection: RawConnection
    ) throws -> RawResponse.Lasting {
        let isHead = request.starts(with: Array("HEAD ".utf8))
        return try connection.readResponse(to: isHead ? "HEAD" : "GET").lasting
    }
}
