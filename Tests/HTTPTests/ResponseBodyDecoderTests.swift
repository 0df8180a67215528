import Bytes
import Testing

@testable import HTTP

/// What a decoder says to those who receive a body without its help.
@Suite struct ResponseBodyDecoderTests {
    @Test(
        arguments: [
            (.none, 0, true), (.length(1), 1, false), (.length(.max), .max, false), (.chunked, 0, false),
            (.untilClose, .max, false),
        ] as [(ResponseFraming, UInt64, Bool)]
    )
    func atTheBeginning(framing: ResponseFraming, left: UInt64, isAtEnd: Bool) {
        let decoder = ResponseBodyDecoder(framing)
        #expect(decoder.plainBytesLeft == left)
        #expect(decoder.isAtAnnouncedEnd == isAtEnd)
        #expect(decoder.framing == framing)
    }

    @Test func lengthGoesDownBothWays() throws {
        var decoder = ResponseBodyDecoder(.length(10))
        #expect(try decoder.next(Array("abcd".utf8).span) == .data(4))
        #expect(decoder.plainBytesLeft == 6)
        decoder.skip(5)
        #expect(decoder.plainBytesLeft == 1)
        #expect(!decoder.isAtAnnouncedEnd)
        #expect(try decoder.next([UInt8]().span) == .needsMore)
        #expect(
            try decoder.next(Array("efg".utf8).span) == .data(1),
            "what follows belongs to another answer"
        )
        #expect(decoder.plainBytesLeft == 0)
        #expect(decoder.isAtAnnouncedEnd)
        #expect(try decoder.next(Array("fg".utf8).span) == .end)
    }

    @Test func allSkipped() throws {
        var decoder = ResponseBodyDecoder(.length(3))
        decoder.skip(3)
        #expect(decoder.isAtAnnouncedEnd)
        #expect(try decoder.next(Array("x".utf8).span) == .end)
    }

    @Test func untilTheConnectionEnds() throws {
        var decoder = ResponseBodyDecoder(.untilClose)
        decoder.skip(1_000_000)
        #expect(decoder.plainBytesLeft == .max)
        #expect(!decoder.isAtAnnouncedEnd)
        let isEnd = decoder.connectionEnded()
        #expect(isEnd)
        #expect(decoder.isAtAnnouncedEnd)
        #expect(decoder.plainBytesLeft == 0)
        #expect(try decoder.next(Array("x".utf8).span) == .end)
    }

    /// The end of the connection is no end of a body that says itself where it ends.
    @Test(arguments: [.length(5), .chunked] as [ResponseFraming])
    func theConnectionEndsWithin(framing: ResponseFraming) throws {
        var decoder = ResponseBodyDecoder(framing)
        let isEnd = decoder.connectionEnded()
        #expect(!isEnd)
        #expect(!decoder.isAtAnnouncedEnd)
    }

    @Test(arguments: ["x\r\n", "2\r\nabc\r\n", "-1\r\n", "\r\n", "0\r\n: b\r\n\r\n"])
    func malformedChunks(text: String) throws {
        var decoder = ResponseBodyDecoder(.chunked)
        var rest = Array(text.utf8)
        #expect(throws: ResponseError.self) {
            while true {
                switch try decoder.next(rest.span) {
                case .data(let count), .skip(let count): rest.removeFirst(count)
                case .end, .needsMore: return
                }
            }
        }
    }
}
