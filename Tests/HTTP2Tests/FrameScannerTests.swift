import Testing

@testable import HTTP2

struct FrameScannerTests {
    /// A header in a form that can be compared and printed.
    private struct Seen: Equatable {
        let length: Int
        let type: UInt8
        let flags: UInt8

        init(_ length: Int, _ type: UInt8, _ flags: UInt8) {
            self.length = length
            self.type = type
            self.flags = flags
        }

        init(_ header: FrameScanner.Header) { self.init(header.length, header.type, header.flags) }

        /// The header with the payload; all bytes of both would make another header if they were taken for one.
        var bytes: [UInt8] {
            let size = [UInt8(length >> 16), UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
            return size + [type, flags, 0xff, 0xfe, 0xfd, 0xfc] + [UInt8](repeating: 0x07, count: length)
        }
    }

    private static let frames = [
        Seen(0, 4, 0), Seen(5, 2, 0), Seen(1, 0, 1), Seen(0, 4, 1), Seen(8, 6, 0xff), Seen(0, 0, 0),
        Seen(9, 0xee, 0),
        Seen(300, 1, 5), Seen(18, 0, 0), Seen(4, 8, 0),
    ]
    private static let stream = [UInt8](repeating: 0x50, count: 24) + frames.flatMap(\.bytes)

    private func headers(_ pieces: [ArraySlice<UInt8>]) -> [Seen] {
        var scanner = FrameScanner()
        var seen: [Seen] = []
        for piece in pieces { scanner.scan(piece.span) { seen.append(Seen($0)) } }
        return seen
    }

    @Test func findsEachHeader() { #expect(headers([Self.stream[...]]) == Self.frames) }

    @Test func cutInTwoAtAnyByte() {
        for cut in 0...Self.stream.count {
            #expect(
                headers([Self.stream[..<cut], Self.stream[cut...]]) == Self.frames,
                "cut after \(cut) bytes"
            )
        }
    }

    @Test(arguments: 1...40) func inPiecesOfAnySize(size: Int) {
        let pieces = stride(from: 0, to: Self.stream.count, by: size).map { Self.stream[$0...].prefix(size) }
        #expect(headers(pieces) == Self.frames)
    }

    @Test func aHeaderCountsAsSoonAsItIsThere() {
        for count in 0...Self.stream.count {
            var due = 0
            var end = 24
            for frame in Self.frames where end + 9 <= count {
                due += 1
                end += 9 + frame.length
            }
            #expect(headers([Self.stream[..<count]]) == Array(Self.frames.prefix(due)), "\(count) bytes")
        }
    }

    @Test(arguments: [0xff, 0x100, 0x4000, 0xffff, 0x10000, 0xfedcba, 0xffffff])
    func lengthsOfThreeBytes(length: Int) {
        let first = Seen(length, 0, 0)
        let second = Seen(3, 1, 4)
        let bytes = [UInt8](repeating: 0, count: 24) + first.bytes + second.bytes
        #expect(headers([bytes[...]]) == [first, second])
    }
}
