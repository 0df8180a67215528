import Glibc

extension Span where Element == UInt8 {
    /// Offset of the first `byte` at or after `start`, found with the vectorised search of the C library.
    public func firstOffset(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBufferPointer { bytes -> Int? in
            guard let base = bytes.baseAddress,
                let hit = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - base
        }
    }

    /// Whether the bytes from `lower` up to `upper` hold a control character other than horizontal tab, or
    /// DEL: what RFC 9110 section 5.5 forbids in a field value.
    ///
    /// Looks at eight bytes at a time.
    public func containsControlCharacter(from lower: Int, to upper: Int) -> Bool {
        precondition(lower >= 0 && lower <= upper && upper <= count)
        return unsafe withUnsafeBytes { bytes in
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            var index = lower
            while index &+ 8 <= upper {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let below = (word &- ones &* 0x20) & ~word & highs
                let delete = word ^ (ones &* 0x7f)
                let equal = (delete &- ones) & ~delete & highs
                if below | equal != 0 { break }
                index &+= 8
            }
            while index < upper {
                let byte = unsafe bytes[index]
                if byte < 0x20 && byte != 0x09 || byte == 0x7f { return true }
                index &+= 1
            }
            return false
        }
    }

    /// Whether the bytes equal `text` without regard to the case of ASCII letters.
    /// - Parameter text: ASCII in lower case.
    /// - Returns: whether they are equal.
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count
        where unsafe ASCII.lowercased(self[index]) != text.utf8Start[index] { return false }
        return true
    }

    /// Whether both hold the same bytes without regard to the case of ASCII letters.
    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) {
            return false
        }
        return true
    }

    /// Whether the bytes equal `text` exactly.
    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return true }
            return unsafe memcmp(base, text.utf8Start, bytes.count) == 0
        }
    }

    /// Whether both hold the same bytes.
    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBufferPointer { left in
            unsafe other.withUnsafeBufferPointer { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return unsafe memcmp(first, second, left.count) == 0
            }
        }
    }

    /// A copy as an array.
    public func copied() -> [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// A copy as text; bytes that are not UTF-8 become replacement characters.
    public func text() -> String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The part without spaces and tabs at both ends.
    @_lifetime(copy self)
    public func trimmed() -> Span<UInt8> {
        var lower = 0
        var upper = count
        while lower < upper, ASCII.isOptionalWhitespace(self[lower]) { lower += 1 }
        while upper > lower, ASCII.isOptionalWhitespace(self[upper - 1]) { upper -= 1 }
        return extracting(lower..<upper)
    }
}
