/// Facts about ASCII characters as HTTP and URLs use them.
public enum ASCII {
    /// The lower-case form of `byte` when it is an upper-case letter, otherwise `byte` itself.
    @inlinable
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// Eight bytes at once in their lower-case form, as ``lowercased(_:)-(UInt8)`` has it.
    @inlinable
    public static func lowercased(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        let low = word & ~highs
        // The highest bit of each byte says whether it is at least `A`, and whether it is above `Z`.
        let isUpper = (low &+ ones &* 0x3f) & ~(low &+ ones &* 0x25) & ~word & highs
        return word | isUpper &>> 2
    }

    /// Whether `byte` is one of `0` to `9`.
    @inlinable
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// Whether `byte` is a letter of either case.
    @inlinable
    public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// Whether `byte` is a space or a horizontal tab: `OWS` of RFC 9110 section 5.6.3.
    @inlinable
    public static func isOptionalWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The value of a hexadecimal digit of either case, or `nil` for any other byte.
    @inlinable
    public static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let lower = byte | 0x20
        return lower &- 0x61 < 6 ? lower &- 0x61 &+ 10 : nil
    }

    /// The lower-case hexadecimal digit of a value below 16.
    @inlinable
    public static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x57 &+ value
    }

    /// Bit sets of the letters, digits, `-`, `.` and `_`, 64 characters a word.
    @usableFromInline static let hostLow: UInt64 = 0x03ff_6000_0000_0000
    @usableFromInline static let hostHigh: UInt64 = 0x07ff_fffe_87ff_fffe

    /// Whether `byte` may stand in the name of a host: a letter, a digit, `-`, `.` or `_`.
    @inlinable
    public static func isHostCharacter(_ byte: UInt8) -> Bool {
        if byte < 64 { return (hostLow &>> UInt64(byte)) & 1 == 1 }
        return byte < 128 && (hostHigh &>> UInt64(byte &- 64)) & 1 == 1
    }

    /// Bit sets of the characters of `token` (RFC 9110 section 5.6.2), 64 characters a word.
    @usableFromInline static let tokenLow: UInt64 = 0x03ff_6cfa_0000_0000
    @usableFromInline static let tokenHigh: UInt64 = 0x57ff_ffff_c7ff_fffe

    /// Whether `byte` may stand in a `token`: a method or a field name (RFC 9110 section 5.6.2).
    @inlinable
    public static func isTokenCharacter(_ byte: UInt8) -> Bool {
        if byte < 64 { return (tokenLow >> UInt64(byte)) & 1 == 1 }
        return byte < 128 && (tokenHigh >> UInt64(byte &- 64)) & 1 == 1
    }
}
