import Testing

@testable import Upstream

@Suite struct WebSocketFrameCursorTests {
    typealias Frames = WebSocketFrames

    private static let payloads = [0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000]

    /// Feeds pieces of at most `size` bytes.
    /// - Returns: after how many bytes the cursor was at a boundary.
    private func boundaries(_ cursor: inout WebSocketFrameCursor, _ bytes: [UInt8], size: Int) -> [Int] {
        var result: [Int] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            while start < end {
                let count = cursor.advance(over: bytes.span.extracting(start..<end))
                #expect(count > 0 && count <= end - start)
                start += count
                if cursor.isAtBoundary { result.append(start) }
                if cursor.isLost { return result }
            }
        }
        return result
    }

    @Test(arguments: [true, false])
    func boundariesWhateverThePieces(isMasked: Bool) {
        let frames = Self.payloads.map {
            Frames.frame(2, [UInt8](repeating: 0x88, count: $0), isMasked: isMasked)
        }
        var expected: [Int] = []
        for frame in frames { expected.append((expected.last ?? 0) + frame.count) }
        let bytes = frames.flatMap(\.self)
        for size in [1, 2, 3, 7, 64, 4096, bytes.count] {
            var cursor = WebSocketFrameCursor(isMasked ? .client : .server)
            #expect(cursor.isAtBoundary)
            #expect(boundaries(&cursor, bytes, size: size) == expected)
            #expect(!cursor.isLost && !cursor.hasClosed)
        }
    }

    @Test func everyCutOfAFrame() {
        for isMasked in [true, false] {
            for count in [0, 5, 126, 65_536] {
                let frame = Frames.frame(1, [UInt8](repeating: 0, count: count), isMasked: isMasked)
                for cut in 1..<min(frame.count, 200) {
                    var cursor = WebSocketFrameCursor(isMasked ? .client : .server)
                    #expect(boundaries(&cursor, Array(frame[..<cut]), size: .max / 2).isEmpty)
                    #expect(boundaries(&cursor, Array(frame[cut...]), size: .max / 2) == [frame.count - cut])
                }
            }
        }
    }

    @Test func controlFramesBetweenFragments() {
        let bytes =
            Frames.frame(1, [1], isFinal: false) + Frames.frame(9, [2]) + Frames.frame(0, [3], isFinal: false)
            + Frames.frame(10, []) + Frames.frame(0, [4]) + Frames.frame(2, [5])
        var cursor = WebSocketFrameCursor(.server)
        #expect(boundaries(&cursor, bytes, size: 4).count == 6)
        #expect(!cursor.isLost)
    }

    @Test func aCloseFrameCountsWhenItIsWhole() {
        let frame = Frames.frame(8, [0x03, 0xe8] + Array("done".utf8), isMasked: true)
        var cursor = WebSocketFrameCursor(.client)
        #expect(boundaries(&cursor, Array(frame.dropLast()), size: 3).isEmpty)
        #expect(!cursor.hasClosed)
        #expect(boundaries(&cursor, [frame[frame.count - 1]], size: 1) == [1])
        #expect(cursor.hasClosed)
    }

    @Test func extensionsMayUseTheReservedBits() {
        var frame = Frames.frame(1, [1, 2, 3])
        frame[0] |= 0x40
        var cursor = WebSocketFrameCursor(.server)
        #expect(boundaries(&cursor, frame, size: 1) == [5])
    }

    @Test(
        arguments: [
            (Array("GET / HTTP/1.1\r\n".utf8), false),
            (Frames.frame(1, [1], isMasked: true), false),
            (Frames.frame(1, [1]), true),
            (Frames.frame(3, []), false),
            (Frames.frame(11, []), false),
            (Frames.frame(0, []), false),
            (Frames.frame(1, [], isFinal: false) + Frames.frame(1, []), false),
            (Frames.frame(9, [], isFinal: false), false),
            (Frames.frame(9, [UInt8](repeating: 0, count: 126)), false),
            ([0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], false),
        ] as [([UInt8], Bool)]
    )
    func givesUp(bytes: [UInt8], isClient: Bool) {
        for size in [1, 3, 100] {
            var cursor = WebSocketFrameCursor(isClient ? .client : .server)
            _ = boundaries(&cursor, bytes, size: size)
            #expect(cursor.isLost && !cursor.isAtBoundary)
        }
    }

    @Test func closeFrames() {
        #expect(WebSocketCloseFrame.bytes(from: .server) == Frames.goingAway)
        #expect(
            WebSocketCloseFrame.bytes(from: .client, mask: 0x0102_0304) == [
                0x88, 0x82, 1, 2, 3, 4, 0x02, 0xeb,
            ]
        )
        #expect(Frames.isMaskedGoingAway(WebSocketCloseFrame.bytes(from: .client)))
    }
}
