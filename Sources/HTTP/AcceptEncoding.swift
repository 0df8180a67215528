import Bytes

/// The `Accept-Encoding` field (RFC 9110 section 12.5.3).
public enum AcceptEncoding {
    /// Whether the client takes gzip, and does not like plain bytes better.
    /// - Parameter value: the field's value; malformed members count as not there.
    /// - Returns: whether to send gzip.
    public static func acceptsGzip(_ value: Span<UInt8>) -> Bool {
        var gzip: Int?
        var identity: Int?
        var other: Int?
        var start = 0
        while start <= value.count {
            let end = value.firstOffset(of: UInt8(ascii: ","), from: start) ?? value.count
            let member = value.extracting(start..<end)
            let semicolon = member.firstOffset(of: UInt8(ascii: ";")) ?? member.count
            let name = member.extracting(0..<semicolon).trimmed()
            if let weight = weight(member.extracting(semicolon..<member.count)) {
                if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
                    gzip = weight
                } else if name.equalsIgnoringCase("identity") {
                    identity = weight
                } else if name.equals("*") {
                    other = weight
                }
            }
            start = end + 1
        }
        guard let accepted = gzip ?? other, accepted > 0 else { return false }
        return accepted >= (identity ?? 0)
    }

    /// The weight in thousandths of `;q=…` (RFC 9110 section 12.4.2); 1000 when there is none.
    private static func weight(_ parameters: Span<UInt8>) -> Int? {
        if parameters.isEmpty { return 1000 }
        let text = parameters.extracting(1..<parameters.count).trimmed()
        guard text.count >= 3, text.count <= 7, ASCII.lowercased(text[0]) == UInt8(ascii: "q"),
            text[1] == 0x3d,
            text[2] == 0x30 || text[2] == 0x31
        else { return nil }
        var value = Int(text[2] - 0x30) * 1000
        if text.count == 3 { return value }
        guard text[3] == 0x2e else { return nil }
        var unit = 100
        for index in 4..<max(4, text.count) {
            guard ASCII.isDigit(text[index]) else { return nil }
            value += Int(text[index] - 0x30) * unit
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }
}
