import Testing

@testable import HTTP

/// Heads that come whole are read in one go, those that come in pieces line by line: both must say the same.
@Suite struct HeadReaderTests {
    private static let requests = [
        "POST /a/b.c?d=e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
        "PROPFIND http://h:80/x HTTP/1.0\r\nX-Unknown: v\r\n\r\n",
    ]

    @Test(arguments: requests) func everyByteOfRequests(text: String) {
        for place in 0..<text.utf8.count {
            for byte in UInt8.min...UInt8.max {
                var bytes = Array(text.utf8)
                bytes[place] = byte
                let whole = RequestFixture.parse(bytes)
                let line = bytes[..<place].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
                let cut = RequestFixture.parse(bytes, ends: [line + 1, max(place, line + 1), bytes.count])
                if whole != cut { Issue.record("byte \(byte) at \(place): \(whole), in pieces \(cut)") }
            }
        }
    }

    private static let answers = [
        "HTTP/1.1 200 OK\r\nServer: s\r\nX-Unknown: v\r\n\r\n", "HTTP/1.0 404\r\nVia: 1.1 a\r\n\r\n",
        "HTTP/1.1 599 \r\n\r\n",
    ]

    private static func parse(_ bytes: [UInt8], ends: [Int]) -> String {
        var parser = ResponseParser()
        let head = ResponseHead()
        do throws(ResponseError) {
            for end in ends {
                if let length = try parser.parse(bytes.span.extracting(0..<end), into: head) {
                    return "\(length) \(head.version) \(head.status) \(head.fieldTexts)"
                }
            }
            return "incomplete"
        } catch {
            return error.description
        }
    }

    @Test(arguments: answers) func everyByteOfAnswers(text: String) {
        for place in 0..<text.utf8.count {
            for byte in UInt8.min...UInt8.max {
                var bytes = Array(text.utf8)
                bytes[place] = byte
                let whole = Self.parse(bytes, ends: [bytes.count])
                let line = bytes[..<place].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
                let cut = Self.parse(bytes, ends: [line + 1, max(place, line + 1), bytes.count])
                if whole != cut { Issue.record("byte \(byte) at \(place): \(whole), in pieces \(cut)") }
            }
        }
    }

    /// Limits are the same for heads that come whole and in pieces.
    @Test func limitsToTheByte() {
        let bytes = Array("GET /abcdef HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\n\r\n".utf8)
        for limit in 0...60 {
            var limits = RequestParser.Limits()
            for member in [\RequestParser.Limits.requestLineBytes, \.fieldBytes, \.fieldLines] {
                limits = RequestParser.Limits()
                limits[keyPath: member] = limit
                let whole = RequestFixture.parse(bytes, limits: limits)
                #expect(RequestFixture.parse(bytes, ends: 0...bytes.count, limits: limits) == whole)
            }
        }
    }

    /// Logs look at the fields of heads that were refused or have not come to their end.
    @Test func linesReadHaveTheirBytes() {
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: a\r\nno field\r\n\r\n".utf8)
        let expected = [("Host", "h"), ("User-Agent", "a")]
        for cut in 0...bytes.count {
            let head = RequestHead()
            var parser = RequestParser()
            let first = RequestFixture.parse(bytes, ends: [cut], &parser, head)
            #expect(head.fieldTexts.map(\.name) == Array(expected.map(\.0).prefix(head.fieldCount)))
            if case .refused = first { continue }
            _ = RequestFixture.parse(bytes, ends: [bytes.count], &parser, head)
            #expect(head.fieldTexts.map(\.value) == expected.map(\.1))
        }
    }
}
