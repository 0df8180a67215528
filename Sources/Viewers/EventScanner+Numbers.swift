import Bytes

/// Numbers and words.
extension EventScanner {
    /// Walks over a number or one of the words.
    mutating func scanScalar() throws(EventSyntaxError) {
        switch peek() {
        case UInt8(ascii: "n") where isNext("null"): index += 4
        case UInt8(ascii: "t") where isNext("true"): index += 4
        case UInt8(ascii: "f") where isNext("false"): index += 5
        case UInt8(ascii: "N") where isNext("NaN"): skipNonFinite(3)
        case UInt8(ascii: "I") where isNext("Infinity"): skipNonFinite(8)
        case UInt8(ascii: "-") where isNext("-Infinity"): skipNonFinite(9)
        default: try scanNumber()
        }
    }

    private mutating func skipNonFinite(_ count: Int) {
        index += count
        hasNonFiniteNumbers = true
    }

    /// Walks over positive whole numbers with nothing but commas between them, which is what long events consist of.
    /// - Returns: whether there was one; what follows the last one is a comma or the end of the array.
    mutating func skipWholeNumbers() -> Bool {
        let text = text
        var place = wholeNumbersEnd()
        var end = place > index ? place - 1 : index
        while place < text.count, text[place] > UInt8(ascii: "0"), text[place] <= UInt8(ascii: "9") {
            let first = place
            repeat { place += 1 } while place < text.count && ASCII.isDigit(text[place])
            guard place < text.count, place - first < 20 else { break }
            if text[place] == UInt8(ascii: "]") { end = place }
            guard text[place] == UInt8(ascii: ",") else { break }
            end = place
            place += 1
        }
        guard end > index else { return false }
        index = end
        return true
    }

    /// Walks over such numbers eight bytes at a time.
    /// - Returns: where the first one begins that has not been walked over.
    private func wholeNumbersEnd() -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        var place = index
        var end = index
        // Whether the byte before ends a number, as the highest bit of a byte: so does the beginning.
        var isBehindComma: UInt64 = 0x80
        var wordsWithoutComma = 0
        while place &+ 8 <= text.count {
            let word = text.word(at: place)
            let digits = word ^ ones &* 0x30
            let isNoDigit = (digits & ~highs) &+ ones &* 0x76 | digits
            let commas = word ^ ones &* 0x2c
            let isComma = ~((commas & ~highs) &+ ones &* 0x7f | commas) & highs
            let isFirst = isComma &<< 8 | isBehindComma
            let isZero = ~((digits & ~highs) &+ ones &* 0x7f | digits) & highs
            guard isNoDigit & highs == isComma, isFirst & (isComma | isZero) == 0 else { break }
            if isComma == 0 {
                // Python has a limit for digits.
                wordsWithoutComma += 1
                if wordsWithoutComma > 2 { break }
            } else {
                wordsWithoutComma = 0
                end = place &+ 8 &- isComma.leadingZeroBitCount / 8
            }
            isBehindComma = isComma &>> 56
            place &+= 8
        }
        return end
    }

    private mutating func scanNumber() throws(EventSyntaxError) {
        let start = index
        if peek() == UInt8(ascii: "-") { index += 1 }
        let first = index
        if peek() == UInt8(ascii: "0") { index += 1 } else { skipDigits() }
        let digits = index - first
        guard digits > 0 else { throw problem("Expecting value", start) }
        var isInteger = true
        if peek() == UInt8(ascii: "."), isDigit(at: index + 1) {
            index += 1
            skipDigits()
            isInteger = false
        }
        // What follows without being part of the number is the mistake of whatever comes next.
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            let next = index + 1 < text.count ? text[index + 1] : 0
            let hasSign = next == UInt8(ascii: "+") || next == UInt8(ascii: "-")
            if isDigit(at: index + (hasSign ? 2 : 1)) {
                index += hasSign ? 2 : 1
                skipDigits()
                isInteger = false
            }
        }
        guard !isInteger || digits <= Self.mostDigits else {
            let reason = "an integer of \(digits) digits, more than \(Self.mostDigits)"
            throw EventSyntaxError(.limit, reason)
        }
    }
}
