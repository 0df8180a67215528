/// The CRC-32C of bytes (RFC 3720 appendix B.4): finds damage by accident, not by intent.
enum CRC32C {
    /// Eight tables of 256 entries, so that eight bytes are taken in one step.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
            tables[index] = value
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xff)]
        }
        return tables
    }()

    /// The checksum of `bytes`.
    static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        let tables = tables.span
        var value: UInt32 = 0xffff_ffff
        var index = 0
        while index + 8 <= bytes.count {
            let low = value ^ bytes.littleEndian32(at: index)
            let high = bytes.littleEndian32(at: index + 4)
            value =
                tables[0x700 + Int(low & 0xff)] ^ tables[0x600 + Int(low >> 8 & 0xff)]
                ^ tables[0x500 + Int(low >> 16 & 0xff)] ^ tables[0x400 + Int(low >> 24)]
            value ^=
                tables[0x300 + Int(high & 0xff)] ^ tables[0x200 + Int(high >> 8 & 0xff)]
                ^ tables[0x100 + Int(high >> 16 & 0xff)] ^ tables[Int(high >> 24)]
            index += 8
        }
        while index < bytes.count {
            value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[index])) & 0xff)]
            index += 1
        }
        return ~value
    }
}
