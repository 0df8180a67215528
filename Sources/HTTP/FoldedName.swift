import Bytes

/// The beginning and the end of a field name in lower case, in which it is compared with the known ones.
///
/// All of it is made to be a few comparisons of constants: the words of literals are known when this is compiled.
struct FoldedName {
    let length: Int
    /// Its first eight bytes, with zeros behind a shorter name.
    private let first: UInt64
    /// The last eight bytes of a longer one; they may overlap the first.
    private let last: UInt64

    /// `nil` for an empty name.
    @inline(__always)
    init?(in bytes: Span<UInt8>, _ range: Range<Int>) {
        length = range.count
        guard length > 0 else { return nil }
        first = ASCII.lowercased(bytes.word(at: range.lowerBound, length: min(length, 8)))
        last = length > 8 ? ASCII.lowercased(bytes.word(at: range.upperBound - 8)) : 0
    }

    /// Which of some names of this length it may be; of one with up to 16 bytes, is.
    @inline(__always)
    func oneOf(
        _ first: FieldName,
        _ second: FieldName? = nil,
        _ third: FieldName? = nil,
        _ fourth: FieldName? = nil,
        _ fifth: FieldName? = nil
    ) -> FieldName? {
        if matches(first.text) { return first }
        if let second, matches(second.text) { return second }
        if let third, matches(third.text) { return third }
        if let fourth, matches(fourth.text) { return fourth }
        if let fifth, matches(fifth.text) { return fifth }
        return nil
    }

    @inline(__always)
    private func matches(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard first == Self.word(of: text, from: 0, to: min(count, 8)) else { return false }
        return count <= 8 || last == Self.word(of: text, from: count &- 8, to: count)
    }

    @inline(__always)
    private static func word(of text: StaticString, from start: Int, to end: Int) -> UInt64 {
        var word: UInt64 = 0
        var index = end
        while index > start {
            index &-= 1
            word = word &<< 8 | UInt64(unsafe text.utf8Start[index])
        }
        return word
    }
}
