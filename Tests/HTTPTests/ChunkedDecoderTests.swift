import Bytes
import Testing

@testable import HTTP

@Suite struct ChunkedDecoderTests {
    /// What decoding gave.
    private enum Outcome: Equatable {
        case whole(String, rest: String)
        case refused(HTTPError)
        case incomplete
    }

    /// Decodes as a connection does: bytes arrive up to each of `ends`, and steps are taken until more are needed.
    private func decode(_ text: String, ends: some Sequence<Int>) -> Outcome {
        let bytes = Array(text.utf8)
        var decoder = ChunkedDecoder()
        var position = 0
        var body: [UInt8] = []
        do throws(HTTPError) {
            for end in ends {
                arrived: while true {
                    switch try decoder.next(bytes.span.extracting(position..<end)) {
                    case .skip(let count): position += count
                    case .data(let count):
                        body += bytes[position..<(position + count)]
                        position += count
                    case .end:
                        let rest = String(decoding: bytes[position...], as: UTF8.self)
                        return .whole(String(decoding: body, as: UTF8.self), rest: rest)
                    case .needsMore: break arrived
                    }
                }
            }
            return .incomplete
        } catch {
            return .refused(error)
        }
    }

    private func decode(_ text: String) -> Outcome { decode(text, ends: [text.utf8.count]) }

    static let good: [(text: String, body: String, rest: String)] = [
        ("0\r\n\r\n", "", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET / HTTP/1.1", "hello world", "GET / HTTP/1.1"),
        ("a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n", "01234567890123456789", ""),
        ("2\r\n\r\n\r\n3\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n", ""),
        ("000000000000005\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5;a\r\nhello\r\n0;b=c;d=\"e f\"\r\n\r\n", "hello", ""),
        ("1;\r\nx\r\n0\r\n\r\n", "x", ""),
        ("1\r\nx\r\n0\r\nTrailer: value\r\nOther:\r\n\r\nrest", "x", "rest"),
        ("1\r\nx\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "x", ""),
    ]

    @Test(arguments: good) func bodies(text: String, body: String, rest: String) {
        #expect(decode(text) == .whole(body, rest: rest))
    }

    @Test(arguments: good) func piecesMakeNoDifference(text: String, body: String, rest: String) {
        let count = text.utf8.count
        for first in 0...count {
            #expect(decode(text, ends: [first, count]) == .whole(body, rest: rest))
            for second in first...count {
                #expect(decode(text, ends: [first, second, count]) == .whole(body, rest: rest))
            }
        }
        #expect(decode(text, ends: 0...count) == .whole(body, rest: rest))
    }

    @Test(arguments: good) func everyPrefixWantsMore(text: String, body: String, rest: String) {
        for count in 0..<(text.utf8.count - rest.utf8.count) {
            #expect(decode(text, ends: [count]) == .incomplete)
        }
    }

    @Test(
        arguments: [
            "\r\n", "x\r\n", "-1\r\n", "+1\r\nx\r\n", "0x1\r\nx\r\n", " 1\r\nx\r\n", "1 \r\nx\r\n",
            "1 ;a\r\nx\r\n", "1\t\r\nx\r\n",
            ";a\r\n", "g\r\n", "1.\r\n", "1,\r\n", "\u{661}\r\n",
            "1\nx\r\n", "1\r\r\nx\r\n", "1\rx\r\n", "\n", "1;a\u{0}\r\n", "1;a\u{7f}\r\n", "1;\rx\r\n",
            "1;a\nx\r\n",
            "1\r\nxy\r\n", "1\r\nx\n0\r\n\r\n", "1\r\nx\r0\r\n", "1\r\nx0\r\n\r\n", "2\r\nx\r\n0\r\n\r\n",
            "0\r\n\n", "0\r\nno colon\r\n\r\n", "0\r\n: x\r\n\r\n", "0\r\n a: x\r\n\r\n",
            "0\r\na : x\r\n\r\n",
            "0\r\na: \u{1}\r\n\r\n", "0\r\na: b\n\r\n", "0\r\na: b\r\n c\r\n\r\n",
            "0\r\nGET / HTTP/1.1\r\n\r\n",
            "1000000000000000\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n",
            "fffffffffffffffffffffff\r\n",
            "0000000000000001\r\nx\r\n0\r\n\r\n",
        ]
    )
    func notTheCoding(text: String) {
        let whole = decode(text)
        guard case .refused(let error) = whole else {
            Issue.record("not refused: \(whole)")
            return
        }
        #expect(error.status == .badRequest)
        #expect(error.breaksFraming)
        #expect(decode(text, ends: 0...text.utf8.count) == whole)
    }

    @Test func sizesBeyondAllMemoryAreAnnouncedButNotBelieved() throws {
        var decoder = ChunkedDecoder()
        let input = Array("fffffffffffffff\r\nabc".utf8)
        #expect(try decoder.next(input.span) == .skip(17))
        #expect(try decoder.next(input.span.extracting(17..<20)) == .data(3))
        #expect(try decoder.next([UInt8]().span) == .needsMore)
    }

    /// A size line may have 255 bytes before its CR.
    @Test(arguments: [(255, true), (256, false), (1000, false)])
    func longExtensions(length: Int, isTaken: Bool) {
        let line = "1;" + String(repeating: "e", count: length - 2)
        let text = line + "\r\nx\r\n0\r\n\r\n"
        let whole = decode(text)
        #expect((whole == .whole("x", rest: "")) == isTaken)
        #expect(decode(text, ends: 0...text.utf8.count) == whole)
        if !isTaken {
            #expect(
                decode(line) == .refused(HTTPError(.badRequest, "a line of the chunked body is too long"))
                    || length == 256
            )
        }
    }

    @Test(arguments: [(40, true), (79, true), (82, false), (400, false)])
    func trailersUpTo8Kibibytes(lines: Int, isTaken: Bool) {
        let line = "T: " + String(repeating: "t", count: 95) + "\r\n"
        let text = "0\r\n" + String(repeating: line, count: lines) + "\r\nrest"
        let whole = decode(text)
        #expect((whole == .whole("", rest: "rest")) == isTaken)
        #expect(decode(text, ends: 0...text.utf8.count) == whole)
    }

    @Test func theEndStaysTheEnd() throws {
        var decoder = ChunkedDecoder()
        let input = Array("0\r\n\r\n".utf8)
        #expect(try decoder.next(input.span) == .skip(3))
        #expect(try decoder.next(input.span.extracting(3..<5)) == .skip(2))
        #expect(try decoder.next([UInt8]().span) == .end)
        #expect(try decoder.next(input.span) == .end)
    }
}
