/// Bytes looked at eight at a time.
extension Span where Element == UInt8 {
    /// The eight bytes from `offset` on, the first one lowest.
    @inlinable
    public func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset &+ 8 <= count)
        return unsafe word(unchecked: offset)
    }

    /// The `length` bytes from `offset` on, the first one lowest and zeros in the place of those that are missing.
    /// - Parameters:
    ///   - offset: where they begin.
    ///   - length: 1 to 8.
    /// - Returns: the word.
    @inlinable @inline(__always)
    public func word(at offset: Int, length: Int) -> UInt64 {
        precondition(length > 0 && length <= 8 && offset >= 0 && offset &+ length <= count)
        guard offset &+ 8 <= count else { return lastWord(at: offset, length: length) }
        return unsafe word(unchecked: offset) & UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* length)
    }

    /// What ``word(at:length:)`` does at the end of the bytes.
    @inline(never) @usableFromInline
    func lastWord(at offset: Int, length: Int) -> UInt64 {
        if count >= 8 {
            let behind = word(at: count - 8) &>> UInt64(8 * (offset + 8 - count))
            return behind & UInt64.max &>> UInt64(64 - 8 * length)
        }
        var word: UInt64 = 0
        for index in 0..<length { word |= UInt64(self[offset + index]) &<< UInt64(8 * index) }
        return word
    }

    /// The eight bytes from `offset` on, which is at least 0, the first one lowest and zeros behind the last one.
    @inlinable @inline(__always)
    public func paddedWord(at offset: Int) -> UInt64 {
        offset < count ? word(at: offset, length: Swift.min(8, count &- offset)) : 0
    }

    /// The eight bytes from `offset` on, all of which the caller knows to be there.
    @unsafe @inlinable @inline(__always)
    public func word(unchecked offset: Int) -> UInt64 {
        unsafe withUnsafeBytes {
            UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }

    /// Offset of the first `byte` from `lower` on.
    ///
    /// For what is near; the search of the C library is faster from some 32 bytes on.
    /// - Parameters:
    ///   - byte: what is looked for.
    ///   - lower: where to begin; at least 0.
    ///   - upper: where to give up; a last part of fewer than eight bytes is not looked at.
    /// - Returns: the offset; `nil` when it is not among the bytes looked at.
    @inlinable @inline(__always)
    public func nearOffset(of byte: UInt8, from lower: Int, to upper: Int) -> Int? {
        precondition(lower >= 0)
        guard lower &+ 16 <= Swift.min(upper, count) else {
            return farOffset(of: byte, from: lower, to: upper)
        }
        let first = unsafe word(unchecked: lower).bytes(equalTo: byte)
        if first != 0 { return lower &+ first.trailingZeroBitCount / 8 }
        let second = unsafe word(unchecked: lower &+ 8).bytes(equalTo: byte)
        if second != 0 { return lower &+ 8 &+ second.trailingZeroBitCount / 8 }
        return farOffset(of: byte, from: lower &+ 16, to: upper)
    }

    /// What ``nearOffset(of:from:to:)`` does behind the first two words, and where there is no room for them.
    @inline(never) @usableFromInline
    func farOffset(of byte: UInt8, from lower: Int, to upper: Int) -> Int? {
        var index = lower
        while index + 8 <= Swift.min(upper, count) {
            let found = word(at: index).bytes(equalTo: byte)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        return nil
    }
}

extension UInt64 {
    /// Looks for `byte` among the word's eight: the lowest bit that is set is the highest one of the first such byte.
    @inlinable @inline(__always)
    func bytes(equalTo byte: UInt8) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let other = self ^ (ones &* UInt64(byte))
        return (other &- ones) & ~other & (ones &* 0x80)
    }
}
