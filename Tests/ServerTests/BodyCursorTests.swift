import Bytes
import Glibc
import Reactor
import TestSupport
import Testing

@testable import Server

/// Bodies of known length, taken piece by piece as HTTP/2 does.
@Suite struct BodyCursorTests {
    /// Takes what a cursor gives.
    private final class Taker {
        private var cursor: BodyCursor
        private let buffer = ByteBuffer(capacity: 16)

        init(_ body: ResponseBody, inline: ByteBuffer = ByteBuffer(capacity: 1)) {
            cursor = BodyCursor(body, inline: inline)
        }

        var taken: [UInt8] {
            let buffer = buffer
            return buffer.unread.copied()
        }

        func take(_ count: Int) -> Bool { cursor.append(count, to: buffer) }

        /// Takes so many bytes at a time until there are `length`; `nil` when they cannot be had.
        func all(_ length: Int, step: Int) -> [UInt8]? {
            while buffer.count < length {
                guard take(min(step, length - buffer.count)) else { return nil }
            }
            return taken
        }
    }

    private static let content = ExportFixture.noise(10_000)
    private static let steps = [1, 2, 3, 7, 100, 4_096, 9_999, 10_000, 100_000]

    private let folder = TemporaryDirectory()
    private var path: String { folder("file") }

    init() { folder.write("file", Self.content) }

    private func file() throws -> OpenFile {
        let descriptor = try Descriptor(open(path, O_RDONLY | O_CLOEXEC), from: "open")
        let version = try #require(FileVersion.of(descriptor: descriptor.raw))
        return OpenFile(descriptor, version: version)
    }

    /// Gives the file another time, as writing to it does.
    private func touch() {
        let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, path, times, 0)
    }

    @Test(arguments: steps) func bytes(step: Int) {
        #expect(Taker(.bytes(Self.content)).all(10_000, step: step) == Self.content)
    }

    @Test(arguments: steps) func inline(step: Int) {
        let held = ByteBuffer(capacity: 16)
        held.append(Self.content)
        #expect(Taker(.inline, inline: held).all(10_000, step: step) == Self.content)
        #expect(held.unread.copied() == Self.content)
    }

    @Test(
        arguments: steps,
        [0..<10_000, 0..<1, 9_999..<10_000, 5_000..<5_001, 123..<9_876] as [Range<UInt64>]
    )
    func partsOfAFile(step: Int, range: Range<UInt64>) throws {
        let expected = Array(Self.content[Int(range.lowerBound)..<Int(range.upperBound)])
        #expect(try Taker(.file(file(), range)).all(range.count, step: step) == expected)
    }

    @Test(arguments: steps) func segments(step: Int) throws {
        let file = try file()
        let segments: [ResponseBody.Segment] = [
            .bytes([]), .bytes([1, 2, 3]), .file(file, 0..<100), .bytes([]), .file(file, 50..<50),
            .bytes([4]),
            .file(file, 9_000..<10_000), .bytes([5, 6]), .bytes([]),
        ]
        let expected = [1, 2, 3] + Self.content[..<100] + [4] + Self.content[9_000...] + [5, 6]
        #expect(Taker(.segments(segments)).all(expected.count, step: step) == expected)
    }

    @Test func whatIsAppendedFollowsWhatIsThere() {
        let taker = Taker(.bytes([1, 2, 3]))
        #expect(taker.take(0))
        #expect(taker.take(1))
        #expect(taker.take(2))
        #expect(taker.taken == [1, 2, 3])
    }

    @Test(arguments: [0, 1, 3, 4]) func thereIsNoMoreThanTheBody(count: Int) {
        let segments: [ResponseBody.Segment] = [.bytes([1, 2]), .bytes([3, 4])]
        let taker = Taker(.segments(segments))
        #expect(taker.take(count))
        #expect(taker.taken == Array([1, 2, 3, 4].prefix(count)))
        #expect(!taker.take(5 - count))
    }

    @Test func nothingComesOfEmptyBodies() throws {
        for body in [ResponseBody.empty, .segments([]), .bytes([]), .file(try file(), 7..<7)] {
            let taker = Taker(body)
            #expect(taker.take(0))
            #expect(!taker.take(1))
        }
    }

    @Test func aFileThatHasBecomeShorterCannotBeSent() throws {
        let taker = Taker(.file(try file(), 0..<10_000))
        #expect(taker.take(4_000))
        truncate(path, 5_000)
        #expect(!taker.take(6_000))
    }

    @Test(arguments: [0, 1, 9_999]) func aFileThatHasChangedIsFoundOutAtItsEnd(count: Int) throws {
        let taker = Taker(.file(try file(), 0..<10_000))
        #expect(taker.take(count))
        touch()
        #expect(!taker.take(10_000 - count))
    }

    @Test func aLargeFileIsLookedAtOnTheWay() throws {
        let size = 8 << 20
        truncate(path, size)
        let taker = Taker(.file(try file(), 0..<UInt64(size)))
        #expect(taker.take(16_384))
        touch()
        var sent = 16_384
        while sent < size, taker.take(16_384) { sent += 16_384 }
        #expect(sent < size / 2)
    }
}
