/// Percent-encoding of URLs (RFC 3986 section 2.1).
public enum PercentCoding {
    /// Appends `bytes` with every `%XX` replaced by the byte it stands for, once.
    /// - Returns: `false` when a `%` is not followed by two hexadecimal digits.
    public static func decode(_ bytes: Span<UInt8>, into result: inout [UInt8]) -> Bool {
        // Nearly all paths have nothing to decode.
        var index = bytes.firstOffset(of: 0x25) ?? bytes.count
        unsafe bytes.extracting(0..<index).withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
        while index < bytes.count {
            let byte = bytes[index]
            if byte != 0x25 {
                result.append(byte)
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = ASCII.hexadecimalValue(bytes[index + 1]),
                let low = ASCII.hexadecimalValue(bytes[index + 2])
            else { return false }
            result.append(high << 4 | low)
            index += 3
        }
        return true
    }

    /// `text` with everything but unreserved characters (RFC 3986 section 2.3) percent-encoded.
    public static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = [byte >> 4, byte & 15].map { ASCII.hexadecimalDigit($0) }
                result += "%" + String(decoding: digits, as: UTF8.self).uppercased()
            }
        }
        return result
    }
}
