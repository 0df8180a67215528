/// Looking for what ends a line, or must not be in it.
extension Span where Element == UInt8 {
    /// Whether the bytes from `lower` up to `upper` hold a control character other than horizontal tab, or
    /// DEL: what RFC 9110 section 5.5 forbids in a field value.
    public func containsControlCharacter(from lower: Int, to upper: Int) -> Bool {
        firstControlCharacter(from: lower, to: upper) != nil
    }

    /// Offset of the first control character other than horizontal tab, or DEL, from `lower` up to `upper`.
    @inlinable @inline(__always)
    public func firstControlCharacter(from lower: Int, to upper: Int) -> Int? {
        firstOffset(below: 0x20, passesTabs: true, from: lower, to: upper)
    }

    /// Offset of the first space, control character or DEL at or after `lower`.
    @inlinable @inline(__always)
    public func firstSpaceOrControlCharacter(from lower: Int) -> Int? {
        firstOffset(below: 0x21, passesTabs: false, from: lower, to: count)
    }

    /// Offset of the first byte below `least`, which is at most 0x80, or DEL; looks at eight bytes at a time.
    @inlinable @inline(__always)
    func firstOffset(below least: UInt8, passesTabs: Bool, from lower: Int, to upper: Int) -> Int? {
        precondition(lower >= 0 && lower <= upper && upper <= count)
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = lower
        while index &+ 8 <= upper {
            let word = unsafe word(unchecked: index)
            let delete = word ^ (ones &* 0x7f)
            // Bytes before the first such character, and that itself, are told right.
            let isBelow = (word &- ones &* UInt64(least)) & ~word
            let found = (isBelow | (delete &- ones) & ~delete) & (ones &* 0x80)
            if found == 0 {
                index &+= 8
                continue
            }
            index &+= found.trailingZeroBitCount / 8
            if !passesTabs { return index }
            if unsafe self[unchecked: index] != 0x09 { return index }
            index &+= 1
        }
        return lastOffset(below: least, passesTabs: passesTabs, from: index, to: upper)
    }

    /// What ``firstOffset(below:passesTabs:from:to:)`` does at the end of the bytes.
    @inline(never) @usableFromInline
    func lastOffset(below least: UInt8, passesTabs: Bool, from lower: Int, to upper: Int) -> Int? {
        for index in lower..<upper {
            let byte = self[index]
            if byte < least && !(passesTabs && byte == 0x09) || byte == 0x7f { return index }
        }
        return nil
    }
}
