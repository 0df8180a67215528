/// Frames as endpoints of WebSocket send them (RFC 6455 section 5.2).
enum WebSocketFrames {
    static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8],
        isMasked: Bool = false,
        isFinal: Bool = true
    ) -> [UInt8] {
        let count = payload.count
        let mask: UInt8 = isMasked ? 0x80 : 0
        var result = [(isFinal ? 0x80 : 0) | opcode]
        if count < 126 {
            result.append(mask | UInt8(count))
        } else if count < 65_536 {
            result += [mask | 126, UInt8(count >> 8), UInt8(count & 255)]
        } else {
            result += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
        }
        guard isMasked else { return result + payload }
        let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        return result + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
    }

    /// A close frame of the status 1001 from a server.
    static let goingAway: [UInt8] = [0x88, 2, 0x03, 0xe9]

    /// Whether these eight bytes are a client's close frame of the status 1001.
    static func isMaskedGoingAway(_ bytes: [UInt8]) -> Bool {
        bytes.count == 8 && bytes[0] == 0x88 && bytes[1] == 0x82
            && bytes[6] ^ bytes[2] == 0x03 && bytes[7] ^ bytes[3] == 0xe9
    }
}
