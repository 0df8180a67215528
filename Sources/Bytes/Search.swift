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

    /// Whether all bytes are ASCII characters that show: 0x21 to 0x7e.
    public var isVisibleASCII: Bool {
        var index = 0
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        while index &+ 8 <= count {
            let word = word(at: index)
            // The highest bit of a byte is set when it is above 0x7e, and again when it is not above 0x20.
            let low = word & ~highs
            let isOther = word | (low &+ ones) | ~(low &+ ones &* 0x5f)
            guard isOther & highs == 0 else { return false }
            index &+= 8
        }
        while index < count {
            guard self[index] > 0x20, self[index] < 0x7f else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes equal `text` without regard to the case of ASCII letters.
    /// - Parameter text: ASCII in lower case.
    /// - Returns: whether they are equal.
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            let other = unsafe UnsafeRawPointer(text.utf8Start)
            return unsafe Self.areEqualIgnoringCase(base, other, bytes.count, isOtherLower: true)
        }
    }

    /// Whether both hold the same bytes without regard to the case of ASCII letters.
    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return unsafe Self.areEqualIgnoringCase(first, second, left.count, isOtherLower: false)
            }
        }
    }

    /// Compares eight bytes at a time; the last eight may overlap those before.
    @inline(__always)
    private static func areEqualIgnoringCase(
        _ left: UnsafeRawPointer,
        _ right: UnsafeRawPointer,
        _ count: Int,
        isOtherLower: Bool
    ) -> Bool {
        var index = 0
        guard count >= 8 else {
            while index < count {
                let one = unsafe left.load(fromByteOffset: index, as: UInt8.self)
                let other = unsafe right.load(fromByteOffset: index, as: UInt8.self)
                if ASCII.lowercased(one) != (isOtherLower ? other : ASCII.lowercased(other)) { return false }
                index &+= 1
            }
            return true
        }
        while true {
            let one = unsafe left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let other = unsafe right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if ASCII.lowercased(one) != (isOtherLower ? other : ASCII.lowercased(other)) { return false }
            if index &+ 8 == count { return true }
            index = Swift.min(index &+ 8, count &- 8)
        }
    }

    /// Whether the bytes equal `text` exactly; to compare with a short literal takes a few instructions.
    @inlinable @inline(__always)
    public func equals(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count == length else { return false }
        let literal = unsafe Span(_unsafeStart: text.utf8Start, count: length)
        var offset = 0
        while offset &+ 8 <= length {
            guard unsafe word(unchecked: offset) == literal.word(unchecked: offset) else { return false }
            offset &+= 8
        }
        while offset < length {
            guard unsafe self[unchecked: offset] == literal[unchecked: offset] else { return false }
            offset &+= 1
        }
        return true
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

    /// Whether the bytes begin with `text`.
    @inlinable @inline(__always)
    public func startsWith(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && extracting(0..<length).equals(text)
    }

    /// Whether the bytes end with `text`.
    public func endsWith(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && extracting((count - length)..<count).equals(text)
    }

    /// Whether `text` is among the bytes.
    public func contains(_ text: StaticString) -> Bool { firstOffset(of: text) != nil }

    /// Offset of the first occurrence of `text`, which is not empty.
    public func firstOffset(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        precondition(length > 0)
        let first = unsafe text.utf8Start[0]
        var start = 0
        while let offset = firstOffset(of: first, from: start), offset + length <= count {
            if extracting(offset..<(offset + length)).equals(text) { return offset }
            start = offset + 1
        }
        return nil
    }

    /// Number of bytes from `start` on that may stand in a `token` (RFC 9110 section 5.6.2).
    public func tokenLength(from start: Int = 0) -> Int {
        precondition(start >= 0 && start <= count)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        var index = start
        // Nearly all are letters and hyphens.
        while index &+ 8 <= count {
            let word = unsafe word(unchecked: index)
            let low = word & ~highs
            let folded = low | ones &* 0x20
            let isLetter = (folded &+ ones &* 0x1f) & ~(folded &+ ones &* 0x05)
            let isNoHyphen = (low ^ ones &* 0x2d) &+ ones &* 0x7f
            let isOther = ~((isLetter | ~isNoHyphen) & ~word) & highs
            if isOther != 0 {
                index &+= isOther.trailingZeroBitCount / 8
                break
            }
            index &+= 8
        }
        while index < count, ASCII.isTokenCharacter(unsafe self[unchecked: index]) { index &+= 1 }
        return index &- start
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
