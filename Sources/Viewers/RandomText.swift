import Bytes

/// Text that nobody can guess.
enum RandomText {
    /// So many random hexadecimal digits, lower-case, of 4 bits each.
    static func hexadecimal(_ count: Int) -> String {
        // On Linux these are the kernel's (getrandom(2)).
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<count).map { _ in ASCII.hexadecimalDigit(UInt8(generator.next() & 15)) }
        return String(decoding: digits, as: UTF8.self)
    }
}
