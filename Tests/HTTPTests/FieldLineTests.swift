import Bytes
import Testing

@testable import HTTP

/// Lines that are taken apart in one go, and byte by byte.
@Suite struct FieldLineTests {
    /// Name and value of a line, looked at byte by byte; `nil` for one that is to be refused.
    private static func reference(_ line: [UInt8]) -> (name: [UInt8], value: [UInt8])? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        let symbols = Array("!#$%&'*+-.^_`|~".utf8)
        for byte in line[..<colon] {
            guard ASCII.isLetter(byte) || ASCII.isDigit(byte) || symbols.contains(byte) else { return nil }
        }
        var value = line[(colon + 1)...]
        while let byte = value.first, byte == 0x20 || byte == 0x09 { value.removeFirst() }
        while let byte = value.last, byte == 0x20 || byte == 0x09 { value.removeLast() }
        for byte in value where byte < 0x20 && byte != 0x09 || byte == 0x7f { return nil }
        return (Array(line[..<colon]), Array(value))
    }

    private static func check(_ line: [UInt8], followedBy rest: String) {
        let input = Array("xy".utf8) + line + [0x0d, 0x0a] + Array(rest.utf8)
        let expected = reference(line)
        var position = 2
        let whole = FieldLine(wholeIn: input.span, at: &position)
        let close = try? FieldLine(input.span, 2..<(2 + line.count))
        for (found, mayBeMissing) in [(whole, rest.utf8.count < 16), (close, false)] {
            guard let found else {
                if expected != nil && !mayBeMissing { Issue.record("\(line) is refused") }
                continue
            }
            let known = expected.flatMap { expected in
                let name = String(decoding: expected.name, as: UTF8.self).lowercased()
                return FieldName.allCases.first { "\($0.text)" == name }
            }
            if Array(input[found.name]) != expected?.name || Array(input[found.value]) != expected?.value
                || found.known != known
            {
                Issue.record("\(line) is taken for \(found)")
            }
            let asPassedOn = (expected.map { $0.name + [0x3a, 0x20] + $0.value } ?? []) + [0x0d, 0x0a]
            let end = min(found.value.upperBound + 2, input.count)
            if found.isPlain && Array(input[found.name.lowerBound..<end]) != asPassedOn {
                Issue.record("\(line) is not as it is passed on")
            }
        }
        #expect(position == (whole == nil ? 2 : 2 + line.count + 2))
    }

    /// Every byte at every place of names and values of up to 40 bytes.
    @Test(arguments: ["aaaaaaaaaaaaaaaa", ""]) func everyByteEverywhere(rest: String) {
        for length in [1, 2, 7, 8, 9, 15, 16, 17, 24, 40] {
            let name = [UInt8](repeating: UInt8(ascii: "n"), count: length)
            let value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
            for place in 0..<(2 * length + 2) {
                for byte in UInt8.min...UInt8.max {
                    var line = name + Array(": ".utf8) + value
                    line[place] = byte
                    Self.check(line, followedBy: rest)
                }
            }
        }
    }

    @Test(
        arguments: [
            "Host: h", "host:h", "Content-Length:  1", "Content-Length: 1 \t ", "ACCEPT:\t*/*", "Accept: ",
            "Accept:", "Accept: \t", "Accept :x", " Accept: x", "\tAccept: x", ": x", ":", "x", "x: a:b",
            "X-Real-IP: ::1", "access-control-request-private-network: true",
            "Access-Control-Request-Method: GET",
            String(repeating: "n", count: 70) + ": v",
        ]
    )
    func formsOfLines(text: String) {
        for rest in ["", "\r\n", String(repeating: "x", count: 100)] {
            let line = Array(text.utf8)
            let input = line + [0x0d, 0x0a] + Array(rest.utf8)
            var position = 0
            let expected = Self.reference(line)
            if let found = FieldLine(wholeIn: input.span, at: &position) {
                #expect(Array(input[found.name]) == expected?.name)
                #expect(Array(input[found.value]) == expected?.value)
            } else if rest.utf8.count == 100 {
                // A long name is looked at more closely.
                #expect(expected == nil || text.utf8.count > 64)
            }
        }
    }

    @Test(
        arguments: [
            ("Name: value", "Name: value"), ("Name:value", "Name: value"), ("Name:  value", "Name: value"),
            ("Name:\tvalue", "Name: value"), ("Name: value ", "Name: value"), ("Name: ", "Name: "),
            ("Name:", "Name: "), ("name: a  b\tc", "name: a  b\tc"), ("Cookie: a=1", "Cookie: a=1"),
        ]
    )
    func linesAreCopied(sent: String, copied: String) throws {
        let request = try #require(RequestFixture.head("GET / HTTP/1.1", sent, "Host: h"))
        let buffer = ByteBuffer(capacity: 8)
        request.copyLine(at: 0, to: buffer)
        request.copyLine(at: 1, to: buffer)
        #expect(buffer.unread.text() == copied + "\r\nHost: h\r\n")

        var parser = ResponseParser()
        let response = ResponseHead()
        let bytes = Array("HTTP/1.1 200 OK\r\n\(sent)\r\nServer: x\r\n\r\n".utf8)
        #expect(try parser.parse(bytes.span, into: response) == bytes.count)
        let fields = ResponseFields()
        fields.add(lineAt: 1, of: response)
        fields.add(lineAt: 0, of: response)
        #expect(fields.block.text() == "Server: x\r\n" + copied + "\r\n")
    }

    @Test func linesOfHTTP2AndCombinedOnesAreCopied() {
        let head = RequestHead()
        for (name, value) in [("cookie", "ab"), ("cookie", "cd"), ("accept", "")] {
            head.add(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        head.combineLines(of: .cookie)
        let buffer = ByteBuffer(capacity: 8)
        head.copyLine(at: 0, to: buffer)
        head.copyLine(at: 2, to: buffer)
        #expect(buffer.unread.text() == "cookie: ab; cd\r\naccept: \r\n")
    }
}
