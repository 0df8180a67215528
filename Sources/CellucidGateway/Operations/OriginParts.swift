import Bytes

/// Scheme and host of an `Origin` field (RFC 6454 section 7).
struct OriginParts {
    /// Whether the scheme is https.
    let isSecure: Bool
    /// Where the host stands, without the port.
    let host: Range<Int>

    /// Takes an http or https origin apart; `nil` for anything else, `null` included.
    init?(_ origin: Span<UInt8>) {
        var start = 0
        if origin.count > 8, origin.extracting(0..<8).equalsIgnoringCase("https://") {
            isSecure = true
            start = 8
        } else if origin.count > 7, origin.extracting(0..<7).equalsIgnoringCase("http://") {
            isSecure = false
            start = 7
        } else {
            return nil
        }
        var end = start
        while end < origin.count, origin[end] != UInt8(ascii: ":") {
            let byte = origin[end]
            guard ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2d || byte == 0x2e else {
                return nil
            }
            end += 1
        }
        guard end > start else { return nil }
        if end < origin.count {
            guard origin.count > end + 1 else { return nil }
            for index in (end + 1)..<origin.count where !ASCII.isDigit(origin[index]) { return nil }
        }
        host = start..<end
    }
}
