import Glibc
import TestSupport
import Testing

@testable import Codecs

@Suite struct GzipTests {
    /// Bytes that do not compress, always the same.
    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    private static let samples: [Named<[UInt8]>] = [
        .init("nothing", []), .init("one byte", [7]),
        .init("text", Array(String(repeating: "cell,gene,value\n", count: 5000).utf8)),
        .init("one piece", noise(128 * 1024)), .init("one piece and a byte", noise(128 * 1024 + 1)),
        .init("incompressible", noise(1 << 20)), .init("sparse", [UInt8](repeating: 0, count: 4 << 20)),
        .init("mixed", noise(100_000) + [UInt8](repeating: 9, count: 500_000) + noise(77)),
    ]

    @Test(arguments: samples, [Int32(1), 9]) func inMemory(
        sample: Named<[UInt8]>,
        level: Int32
    ) throws {
        let packed = try Gzip.compress(sample.value, level: level)
        #expect(packed.starts(with: [0x1f, 0x8b, 8]))
        let isSame = try gunzip(packed) == sample.value
        #expect(isSame)
        if sample.description == "sparse" { #expect(packed.count < 40_000) }
        if sample.description == "incompressible" { #expect(packed.count < sample.value.count + 1000) }
    }

    @Test(arguments: samples) func fromFileToFile(sample: Named<[UInt8]>) throws {
        let folder = TemporaryDirectory()
        folder.write("plain", sample.value)
        let input = open(folder("plain"), O_RDONLY | O_CLOEXEC)
        let output = open(folder("packed"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(input) }
        lseek(input, 0, SEEK_END)
        let written = try Gzip.compress(file: input, size: UInt64(sample.value.count), into: output, level: 5)
        close(output)
        let packed = try #require(readFile(folder("packed")))
        #expect(packed.count == Int(written))
        let isSame = try gunzip(packed) == sample.value
        #expect(isSame)
    }

    @Test func aFileThatIsShorterThanAnnounced() throws {
        let folder = TemporaryDirectory()
        folder.write("plain", Self.noise(1000))
        let input = open(folder("plain"), O_RDONLY | O_CLOEXEC)
        let output = open(folder("packed"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(input)
            close(output)
        }
        #expect(throws: Gzip.Failure.system("pread: the file was cut short")) {
            _ = try Gzip.compress(file: input, size: 1001, into: output, level: 5)
        }
    }

    @Test func descriptorsThatCannotBeUsed() throws {
        let folder = TemporaryDirectory()
        folder.write("plain", "text")
        let input = open(folder("plain"), O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        #expect(throws: Gzip.Failure.self) { _ = try Gzip.compress(file: -1, size: 4, into: input, level: 5) }
        #expect(throws: Gzip.Failure.self) {
            _ = try Gzip.compress(file: input, size: 4, into: input, level: 5)
        }
    }
}
