import Bytes

/// Numbers and words.
extension EventLexer {
    /// The most digits of an integer that Python converts.
    private static let mostDigits = 4300
    /// The most bytes of whole numbers that are walked over in one go: not more than one number may have.
    private static let mostNumbersBytes = 4096

    // MARK: Lists

    /// Walks over positive whole numbers with nothing but commas between them, which is what long events consist of,
    /// 16 bytes at a time.
    /// - Parameter start: within an array.
    /// - Returns: where the last one ends, which may not be the last of the array; `start` when there is none.
    func wholeNumbersEnd(from start: Int) -> Int {
        precondition(start > 0 && start <= text.count)
        let limit = min(text.count, start &+ Self.mostNumbersBytes)
        var place = start
        unsafe text.withUnsafeBytes { bytes in
            while place &+ 16 <= limit {
                let words = unsafe bytes.loadUnaligned(fromByteOffset: place, as: SIMD2<UInt64>.self)
                let before = unsafe bytes.loadUnaligned(fromByteOffset: place &- 1, as: SIMD2<UInt64>.self)
                let mistakes = Self.mistakes(in: words, behind: before)
                if mistakes[0] | mistakes[1] == 0 {
                    place &+= 16
                    continue
                }
                // Of no bits at all 64 are zeros.
                let count = mistakes[0].trailingZeroBitCount
                place &+= (count < 64 ? count : 64 &+ mistakes[1].trailingZeroBitCount) / 8
                break
            }
        }
        // Less than 16 bytes up to the limit, or none if there is something else.
        var isBehindDigit = ASCII.isDigit(text[place - 1])
        while place < limit {
            let byte = text[place]
            let isDigit = ASCII.isDigit(byte)
            guard isBehindDigit ? isDigit || byte == UInt8(ascii: ",") : byte &- 0x31 < 9 else { break }
            isBehindDigit = isDigit
            place += 1
        }
        if isBehindDigit && place > start {
            let next = byte(at: place)
            let isCut = place == limit || next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e")
            if !isCut { return place }
            while place > start, text[place - 1] != UInt8(ascii: ",") { place -= 1 }
        }
        return place > start ? place - 1 : start
    }

    /// Finds what cannot go on such a list.
    /// - Parameters:
    ///   - words: 16 bytes.
    ///   - before: the bytes before each, of which those of the list are right.
    /// - Returns: the highest bit of each such byte, right up to the first one.
    @inline(__always)
    private static func mistakes(
        in words: SIMD2<UInt64>,
        behind before: SIMD2<UInt64>
    ) -> SIMD2<UInt64> {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let zeros = SIMD2(repeating: ones &* 0x30)
        let aboveNine = SIMD2(repeating: ones &* 0x76)
        let digits = words ^ zeros
        let isNoDigit = digits &+ aboveNine
        let isNoComma = (words ^ SIMD2(repeating: ones &* 0x2c)) &+ SIMD2(repeating: ones &* 0x7f)
        let isZero = SIMD2(repeating: ones &* 0x80) &- digits
        let isFirst = (before ^ zeros) &+ aboveNine
        let isMistake = isNoDigit & isNoComma | isFirst & (isNoDigit | isZero) | words
        return isMistake & SIMD2(repeating: ones &* 0x80)
    }

    // MARK: Single ones

    /// Walks over a number or one of the words.
    /// - Returns: where it ends, and whether it is no number or a finite one.
    func scalarEnd(from start: Int) throws(EventSyntaxError) -> (end: Int, isFinite: Bool) {
        let first = byte(at: start) == UInt8(ascii: "-") ? start + 1 : start
        var end = byte(at: first) == UInt8(ascii: "0") ? first + 1 : digitsEnd(from: first)
        let digits = end - first
        guard digits > 0 else { return try wordEnd(from: start) }
        var isInteger = true
        if byte(at: end) == UInt8(ascii: "."), ASCII.isDigit(byte(at: end + 1)) {
            end = digitsEnd(from: end + 2)
            isInteger = false
        }
        // What follows without being part of the number is the mistake of whatever comes next.
        if byte(at: end) | 0x20 == UInt8(ascii: "e") {
            let next = byte(at: end + 1)
            let power = next == UInt8(ascii: "+") || next == UInt8(ascii: "-") ? end + 2 : end + 1
            if ASCII.isDigit(byte(at: power)) {
                end = digitsEnd(from: power + 1)
                isInteger = false
            }
        }
        guard !isInteger || digits <= Self.mostDigits else {
            let reason = "an integer of \(digits) digits, more than \(Self.mostDigits)"
            throw EventSyntaxError(.limit, reason)
        }
        return (end, true)
    }

    @inline(__always)
    private func digitsEnd(from start: Int) -> Int {
        var place = start
        while place < text.count, ASCII.isDigit(text[place]) { place += 1 }
        return place
    }

    private func wordEnd(from start: Int) throws(EventSyntaxError) -> (end: Int, isFinite: Bool) {
        let rest = text.extracting(min(start, text.count)...)
        switch byte(at: start) {
        case UInt8(ascii: "n") where rest.startsWith("null"): return (start + 4, true)
        case UInt8(ascii: "t") where rest.startsWith("true"): return (start + 4, true)
        case UInt8(ascii: "f") where rest.startsWith("false"): return (start + 5, true)
        case UInt8(ascii: "N") where rest.startsWith("NaN"): return (start + 3, false)
        case UInt8(ascii: "I") where rest.startsWith("Infinity"): return (start + 8, false)
        case UInt8(ascii: "-") where rest.startsWith("-Infinity"): return (start + 9, false)
        default: throw problem("Expecting value", start)
        }
    }
}
