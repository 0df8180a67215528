import Bytes

@testable import HTTP

/// What a parser made of an answer's head, in a form that can be compared and printed.
struct ParsedResponse: Equatable {
    var status: UInt16
    var version = RequestHead.Version.http11
    var fields: [String] = []
    var length: Int

    init(_ status: UInt16, _ version: RequestHead.Version = .http11, _ fields: [String] = [], length: Int) {
        self.status = status
        self.version = version
        self.fields = fields
        self.length = length
    }

    init(_ head: ResponseHead, length: Int) {
        status = head.status.code
        version = head.version
        fields = head.fieldTexts.map { "\($0.name): \($0.value)" }
        self.length = length
    }
}

/// How parsing ended.
enum ResponseOutcome: Equatable {
    case parsed(ParsedResponse)
    case refused(String)
    case incomplete
}

/// Ways to give bytes to a parser of answers.
enum ResponseFixture {
    /// In pieces that end at `ends`, the last of which is the number of bytes.
    static func parse(
        _ bytes: [UInt8],
        ends: [Int]? = nil,
        limits: ResponseParser.Limits = .init()
    ) -> ResponseOutcome {
        var parser = ResponseParser(limits: limits)
        let head = ResponseHead()
        do throws(ResponseError) {
            for end in ends ?? [bytes.count] {
                if let length = try parser.parse(bytes.span.extracting(0..<end), into: head) {
                    return .parsed(ParsedResponse(head, length: length))
                }
            }
            return .incomplete
        } catch {
            return .refused(error.description)
        }
    }

    /// A head with the given lines.
    static func head(_ lines: [String]) throws -> ResponseHead {
        var parser = ResponseParser()
        let head = ResponseHead()
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard try parser.parse(bytes.span, into: head) == bytes.count else {
            throw ResponseError("incomplete")
        }
        return head
    }
}
