import Testing

@testable import Viewers

/// The vectors of RFC 3720 appendix B.4, and the usual one.
@Suite struct CRC32CTests {
    @Test(arguments: Self.table) func vectors(vector: (bytes: [UInt8], checksum: UInt32)) {
        #expect(CRC32C.checksum(vector.bytes.span) == vector.checksum)
    }

    static let table: [(bytes: [UInt8], checksum: UInt32)] = [
        (Array("123456789".utf8), 0xe306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
        ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        (Array(0..<32), 0x46dd_794e),
        (Array((0..<32).reversed()), 0x113f_db5c),
        ([], 0),
    ]
}
