import TestSupport
import Testing

@testable import Codecs

@Suite struct GunzipTests {
    private static let text = Array(String(repeating: "cell,gene,value\n", count: 50_000).utf8)

    @Test(arguments: [
        Named("nothing", []), Named("one byte", [7]), Named("text", text),
        Named("bytes", text.map { $0 &* 31 }),
    ])
    func thereAndBack(sample: Named<[UInt8]>) throws {
        let plain = sample.value
        let packed = try Gzip.compress(plain, level: 9)
        let isSame = try Gzip.decompress(packed, limit: plain.count) == plain
        #expect(isSame)
        let isTwice = try Gzip.decompress(packed + packed, limit: 2 * plain.count) == plain + plain
        #expect(isTwice)
        guard !plain.isEmpty else { return }
        #expect(throws: Gzip.Failure.self) { try Gzip.decompress(packed, limit: plain.count - 1) }
    }

    @Test func everyCutIsNoticed() throws {
        let packed = try Gzip.compress(Array("cell,gene,value\n".utf8), level: 9)
        for count in packed.indices {
            #expect(throws: Gzip.Failure.self) {
                try Gzip.decompress(Array(packed[..<count]), limit: 1000)
            }
        }
    }

    @Test func damageIsNoticed() throws {
        let packed = try Gzip.compress(Self.text, level: 9)
        for offset in [0, 2, packed.count / 2, packed.count - 8, packed.count - 1] {
            var damaged = packed
            damaged[offset] ^= 0x40
            #expect(throws: Gzip.Failure.self) { try Gzip.decompress(damaged, limit: Self.text.count) }
        }
        #expect(throws: Gzip.Failure.self) { try Gzip.decompress(packed + [0], limit: Self.text.count) }
        #expect(throws: Gzip.Failure.self) { try Gzip.decompress(Self.text, limit: Self.text.count) }
    }
}
