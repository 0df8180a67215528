import Bytes

/// What an `Accept-Encoding` field says (RFC 9110 section 12.5.3).
public struct AcceptEncoding {
    /// Weights in thousandths.
    private var gzip: Int?
    private var brotli: Int?
    private var identity: Int?
    private var other: Int?

    /// Reads the field's value; malformed members count as not there.
    public init(_ value: Span<UInt8>) {
        var start = 0
        while start <= value.count {
            let end = value.firstOffset(of: UInt8(ascii: ","), from: start) ?? value.count
            let member = value.extracting(start..<end)
            let semicolon = member.firstOffset(of: UInt8(ascii: ";")) ?? member.count
            let name = member.extracting(0..<semicolon).trimmed()
            if let weight = Self.weight(member.extracting(semicolon..<member.count)) {
                if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
                    gzip = weight
                } else if name.equalsIgnoringCase("br") {
                    brotli = weight
                } else if name.equalsIgnoringCase("identity") {
                    identity = weight
                } else if name.equals("*") {
                    other = weight
                }
            }
            start = end + 1
        }
    }

    /// Whether the client takes gzip, and does not like plain bytes better.
    public var acceptsGzip: Bool { isAccepted(gzip) }

    /// Whether the client takes Brotli (RFC 7932), and does not like plain bytes better.
    public var acceptsBrotli: Bool { isAccepted(brotli) }

    private func isAccepted(_ weight: Int?) -> Bool {
        guard let accepted = weight ?? other, accepted > 0 else { return false }
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
