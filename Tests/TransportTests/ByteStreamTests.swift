import Bytes
import Glibc
import TestSupport
import Testing

@testable import Reactor
@testable import Transport

/// The stream without TLS.
@Suite struct ByteStreamTests {
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 17 >> 3) }

    @Test(arguments: [("", ""), ("head", ""), ("", "body"), ("head", "body")])
    func twoPiecesLeaveAsOne(first: String, second: String) throws {
        let pair = try PlainStreamPair()
        let count = try pair.stream.write(Array(first.utf8).span, Array(second.utf8).span)
        #expect(count == first.utf8.count + second.utf8.count)
        #expect(String(decoding: pair.received(), as: UTF8.self) == first + second)
        #expect(pair.stream.channel.isWriteReady)
    }

    /// A small buffer takes parts, and readiness ends with the first short one.
    @Test(arguments: [0, 1, 1000, 150_000, 299_999, 300_000]) func partsOfALargeWrite(cut: Int) throws {
        let pair = try PlainStreamPair(bufferBytes: 4096)
        var sent = 0
        var received: [UInt8] = []
        var shortWrites = 0
        while sent < bytes.count {
            let first = bytes.span.extracting(min(sent, cut)..<cut)
            let second = bytes.span.extracting(max(sent, cut)..<bytes.count)
            let count = try pair.stream.write(first, second)
            sent += count
            if sent < bytes.count {
                shortWrites += 1
                #expect(!pair.stream.channel.isWriteReady)
            }
            received += pair.received()
        }
        #expect(shortWrites > 1)
        #expect(received == bytes)
    }

    @Test func readingIntoAnyRoom() throws {
        let pair = try PlainStreamPair()
        let buffer = ByteBuffer(capacity: 4)
        #expect(try pair.stream.read(into: buffer) == .wouldBlock)
        #expect(!pair.stream.channel.isReadReady)
        pair.send([1, 2, 3, 4, 5, 6])
        #expect(try pair.stream.read(into: buffer) == .bytes(4))
        buffer.consume(4)
        #expect(try pair.stream.read(into: buffer) == .bytes(2))
        #expect(buffer.unread.copied() == [5, 6])
        pair.closePeer()
        #expect(try pair.stream.read(into: buffer) == .endOfStream)
        #expect(try pair.stream.read(into: buffer) == .endOfStream)
    }

    @Test func writingToAPeerThatHasGone() throws {
        let pair = try PlainStreamPair()
        pair.closePeer()
        #expect(throws: StreamError.connectionLost) {
            _ = try pair.stream.write([1].span, [2].span)
        }
    }

    @Test func finishingKeepsReading() throws {
        let pair = try PlainStreamPair()
        pair.stream.finishSending()
        #expect(pair.received() == [])
        pair.send([7])
        let buffer = ByteBuffer(capacity: 4)
        #expect(try pair.stream.read(into: buffer) == .bytes(1))
    }

    @Test func withoutTLSThereIsNothingToFlush() async throws {
        let pair = try PlainStreamPair()
        try await pair.stream.handshake(until: 0)
        #expect(try pair.stream.flush())
        #expect(!pair.stream.hasPendingOutput)
    }

    // MARK: Files

    private func withFile(_ body: (Int32, TemporaryDirectory) throws -> Void) throws {
        let folder = TemporaryDirectory()
        folder.write("file", bytes)
        let file = open(folder("file"), O_RDWR | O_CLOEXEC)
        defer { close(file) }
        try body(file, folder)
    }

    @Test(arguments: [0..<300_000, 0..<1, 299_999..<300_000, 12_345..<234_567])
    func filesAreSentByteForByte(range: Range<Int>) throws {
        try withFile { file, _ in
            let pair = try PlainStreamPair(bufferBytes: 8192)
            var offset = range.lowerBound
            var received: [UInt8] = []
            while offset < range.upperBound {
                let count = range.upperBound - offset
                offset += try pair.stream.sendFile(file, offset: UInt64(offset), count: count)
                received += pair.received()
                // The loop that would notice room in the buffer does not turn here.
                pair.stream.channel.handle(events: 4)
            }
            received += pair.received()
            #expect(received == Array(bytes[range]))
            #expect(lseek(file, 0, SEEK_CUR) == 0, "the descriptor's own offset is not used")
        }
    }

    @Test func aFileThatIsShorterThanAskedFor() throws {
        try withFile { file, _ in
            let pair = try PlainStreamPair()
            ftruncate(file, 100)
            #expect(try pair.stream.sendFile(file, offset: 0, count: 200) == 100)
            #expect(throws: StreamError.fileChanged) {
                _ = try pair.stream.sendFile(file, offset: 100, count: 100)
            }
            #expect(pair.received() == Array(bytes[..<100]))
            #expect(throws: StreamError.fileChanged) {
                _ = try pair.stream.sendFile(file, offset: 5000, count: 1)
            }
        }
    }

    @Test func aFullBufferIsNoChangedFile() throws {
        try withFile { file, _ in
            let pair = try PlainStreamPair(bufferBytes: 4096)
            var sent = 0
            while pair.stream.channel.isWriteReady {
                sent += try pair.stream.sendFile(file, offset: UInt64(sent), count: bytes.count - sent)
            }
            #expect(sent < bytes.count)
            #expect(pair.received() == Array(bytes[..<sent]))
        }
    }
}
