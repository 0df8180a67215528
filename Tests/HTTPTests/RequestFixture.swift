import Bytes

@testable import HTTP

/// What a parser made of some bytes, in a form that can be compared and printed.
struct ParsedRequest: Equatable, CustomStringConvertible {
    var method: String
    var kind: Method
    var version: RequestHead.Version
    var form: RequestHead.TargetForm
    var target: String
    var path: String
    var query: String?
    var authority: String?
    var fields: [String]
    var length: Int

    init(_ head: RequestHead, length: Int) {
        method = head.methodName.text()
        kind = head.method
        version = head.version
        form = head.targetForm
        target = head.target.text()
        path = String(decoding: head.path, as: UTF8.self)
        if let span = head.query() { query = span.text() }
        if let span = head.authority() { authority = span.text() }
        fields = head.fieldTexts.map { "\($0.name): \($0.value)" }
        self.length = length
    }

    var description: String { "\(method) \(target) \(form) \(path) \(query ?? "-") \(fields) \(length)" }
}

/// How parsing ended.
enum ParseOutcome: Equatable {
    case parsed(ParsedRequest)
    case refused(HTTPError)
    case incomplete
}

/// Ways to give bytes to a parser.
enum RequestFixture {
    /// Everything at once.
    static func parse(_ bytes: [UInt8], limits: RequestParser.Limits = .init()) -> ParseOutcome {
        parse(bytes, ends: [bytes.count], limits: limits)
    }

    /// Everything at once.
    static func parse(_ text: String) -> ParseOutcome { parse(Array(text.utf8)) }

    /// In pieces that end at `ends`, the last of which is the number of bytes.
    static func parse(
        _ bytes: [UInt8],
        ends: some Sequence<Int>,
        limits: RequestParser.Limits = .init()
    ) -> ParseOutcome {
        var parser = RequestParser(limits: limits)
        let head = RequestHead()
        return parse(bytes, ends: ends, &parser, head)
    }

    /// With a parser and a head that may have seen other requests.
    static func parse(
        _ bytes: [UInt8],
        ends: some Sequence<Int>,
        _ parser: inout RequestParser,
        _ head: RequestHead
    ) -> ParseOutcome {
        do throws(HTTPError) {
            for end in ends {
                if let length = try parser.parse(bytes.span.extracting(0..<end), into: head) {
                    return .parsed(ParsedRequest(head, length: length))
                }
            }
            return .incomplete
        } catch {
            return .refused(error)
        }
    }

    /// The request with these lines and the empty one after them; `nil` when it is refused.
    static func head(_ lines: String...) -> RequestHead? {
        var parser = RequestParser()
        let head = RequestHead()
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        let length = try? parser.parse(bytes.span, into: head)
        return length == bytes.count ? head : nil
    }
}
