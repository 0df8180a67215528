import Testing

@testable import HTTP2

struct ConnectionPrefaceTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private func recognise(_ bytes: some Sequence<UInt8>) -> ConnectionPreface.Beginning {
        let bytes = Array(bytes)
        return ConnectionPreface.recognise(bytes.span)
    }

    @Test func itsLengthIsThatOfTheText() { #expect(ConnectionPreface.length == Self.preface.count) }

    @Test(arguments: 0..<24) func itsBeginningIsTooShort(count: Int) {
        #expect(recognise(Self.preface.prefix(count)) == .tooShort)
    }

    @Test(arguments: [0, 1, 9, 10_000]) func whatFollowsDoesNotMatter(count: Int) {
        #expect(recognise(Self.preface + [UInt8](repeating: 0x51, count: count)) == .http2)
    }

    @Test(arguments: 0..<24) func oneOtherByteMakesItSomethingElse(position: Int) {
        var bytes = Self.preface
        bytes[position] ^= 0x20
        #expect(recognise(bytes) == .other)
        #expect(recognise(bytes + bytes) == .other)
        for count in 0..<24 {
            #expect(recognise(bytes.prefix(count)) == (count > position ? .other : .tooShort))
        }
    }

    @Test(
        arguments: [
            "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "PR / HTTP/1.1\r\n", "PRI / HTTP/1.1\r\n", "pri * ",
            "PRI * HTTP/1.1\r\n", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", " PRI * HTTP/2.0\r\n", "\r\nPRI * ",
            "\u{16}\u{3}\u{1}",
        ]
    )
    func otherBeginnings(text: String) { #expect(recognise(text.utf8) == .other) }
}
