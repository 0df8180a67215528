import Bytes
import Glibc
import Testing

@testable import Reactor
@testable import Transport

/// Bytes that go from one stream to another through a pipe.
@Suite struct SplicePipeTests {
    private let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 17 >> 3) }

    @Test(arguments: [1, 4096, 65_537, 1 << 20]) func allBytesInOrder(limit: Int) throws {
        let (from, to) = (try PlainStreamPair(), try PlainStreamPair(bufferBytes: 16 * 1024))
        let pipe = try SplicePipe(capacity: 1 << 20)
        let bytes = bytes.prefix(min(bytes.count, 2000 * limit))
        var (sent, received, fullBuffers): (Int, [UInt8], Int) = (0, [], 0)
        while received.count < bytes.count {
            if sent < bytes.count { sent += from.send(Array(bytes[sent...])) }
            guard case .bytes(let count) = try from.stream.read(into: pipe, limit: limit) else { continue }
            #expect(count <= limit)
            #expect(pipe.count == count)
            while pipe.count > 0 {
                let before = pipe.count
                let moved = try to.stream.write(pipe, moreFollows: false)
                #expect(pipe.count == before - moved)
                if moved > 0 { continue }
                #expect(!to.stream.channel.isWriteReady, "a full buffer is noticed")
                fullBuffers += 1
                received += to.received()
            }
            received += to.received()
        }
        #expect(received.elementsEqual(bytes))
        if limit > 64 * 1024 { #expect(fullBuffers > 0) }
    }

    @Test func nothingThereAndTheEnd() throws {
        let pair = try PlainStreamPair()
        let pipe = try SplicePipe(capacity: 64 * 1024)
        #expect(try pair.stream.read(into: pipe, limit: 10) == .wouldBlock)
        #expect(!pair.stream.channel.isReadReady)
        pair.send([1, 2, 3])
        #expect(try pair.stream.read(into: pipe, limit: 2) == .bytes(2))
        #expect(try pair.stream.write(pipe, moreFollows: true) == 2)
        #expect(pair.received() == [1, 2])
        #expect(try pair.stream.read(into: pipe, limit: 2) == .bytes(1))
        #expect(try pair.stream.write(pipe, moreFollows: false) == 1)
        #expect(pair.received() == [3])
        pair.closePeer()
        #expect(try pair.stream.read(into: pipe, limit: 2) == .endOfStream)
    }

    /// What is left in the pipe stays there for whoever owns it.
    @Test func aPeerThatHasGone() throws {
        signal(SIGPIPE, SIG_IGN)
        let (from, to) = (try PlainStreamPair(), try PlainStreamPair())
        let pipe = try SplicePipe(capacity: 64 * 1024)
        from.send([1, 2, 3])
        #expect(try from.stream.read(into: pipe, limit: 10) == .bytes(3))
        to.closePeer()
        #expect(throws: StreamError.connectionLost) { try to.stream.write(pipe, moreFollows: false) }
        #expect(pipe.count == 3)
    }

    @Test func capacity() throws {
        let pipe = try SplicePipe(capacity: 256 * 1024)
        #expect(pipe.capacity >= 4096)
        #expect(pipe.count == 0)
    }
}
