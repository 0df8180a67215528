/// The close frame of an endpoint that goes away (RFC 6455 sections 5.5.1 and 7.4.1).
enum WebSocketCloseFrame {
    /// The status code 1001, in network byte order.
    private static let goingAway: [UInt8] = [0x03, 0xe9]

    /// The frame with the status 1001 and no reason.
    /// - Parameters:
    ///   - sender: who is to have sent it; a client masks it.
    ///   - mask: used for a client's frame; must not be predictable (RFC 6455 section 5.3).
    /// - Returns: the whole frame.
    static func bytes(
        from sender: WebSocketFrameCursor.Sender,
        mask: UInt32 = .random(in: 0 ... .max)
    ) -> [UInt8] {
        let length = UInt8(goingAway.count)
        guard sender == .client else { return [0x88, length] + goingAway }
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (24 - 8 * $0)) }
        return [0x88, 0x80 | length] + key + goingAway.enumerated().map { $1 ^ key[$0] }
    }
}
