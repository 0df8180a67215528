/// Where in a stream of WebSocket frames one is (RFC 6455 section 5.2): told the bytes, it follows the headers and
/// skips the rest.
///
/// It gives up on what cannot be such frames, and on nothing that an extension may have made of them.
struct WebSocketFrameCursor {
    /// Who sends the frames: clients mask them and servers do not (RFC 6455 section 5.1).
    enum Sender {
        case client, server
    }

    /// Whether the bytes are no frames; nothing more is known then.
    private(set) var isLost = false
    /// Whether a whole close frame has passed (RFC 6455 section 5.5.1).
    private(set) var hasClosed = false

    private let sender: Sender
    /// Bytes of the current frame's header that have passed.
    private var headerCount = 0
    /// Bytes that the header has, as far as is known yet.
    private var headerLength = Self.shortestHeader
    private var lengthBytes = 0
    private var opcode: UInt8 = 0
    /// Bytes of payload that are still to come.
    private var payloadLeft: UInt64 = 0
    /// Whether a message has begun and its last fragment has not.
    private var isInMessage = false

    private static let shortestHeader = 2
    private static let longestControlPayload: UInt8 = 125
    private static let continuation: UInt8 = 0
    private static let close: UInt8 = 8

    init(_ sender: Sender) { self.sender = sender }

    /// Whether the next byte is the first of a frame.
    var isAtBoundary: Bool { !isLost && headerCount == 0 }

    /// Follows `bytes` to the end of the current frame, or to their own end when that comes first.
    /// - Returns: how many bytes that were; at least 1 of a piece that is not empty.
    mutating func advance(over bytes: Span<UInt8>) -> Int {
        var offset = 0
        while offset < bytes.count {
            if headerCount < headerLength {
                takeHeader(bytes[offset])
                offset += 1
                if isLost { return bytes.count }
            }
            if headerCount == headerLength {
                let count = min(payloadLeft, UInt64(bytes.count - offset))
                payloadLeft -= count
                offset += Int(count)
                if payloadLeft == 0 {
                    endFrame()
                    return offset
                }
            }
        }
        return offset
    }

    private mutating func takeHeader(_ byte: UInt8) {
        switch headerCount {
        case 0: takeOpcode(byte)
        case 1: takeLength(byte)
        case 2..<(2 + lengthBytes):
            payloadLeft = payloadLeft << 8 | UInt64(byte)
            if payloadLeft > UInt64(Int64.max) { isLost = true }
        default: break  // the mask
        }
        headerCount += 1
    }

    private mutating func takeOpcode(_ byte: UInt8) {
        opcode = byte & 0x0f
        let isFinal = byte & 0x80 != 0
        switch opcode {
        case Self.continuation:
            if !isInMessage { isLost = true }
            isInMessage = !isFinal
        case 1, 2:
            if isInMessage { isLost = true }
            isInMessage = !isFinal
        case Self.close...10: if !isFinal { isLost = true }
        default: isLost = true
        }
    }

    private mutating func takeLength(_ byte: UInt8) {
        let isMasked = byte & 0x80 != 0
        let length = byte & 0x7f
        let isControl = opcode >= Self.close
        if isMasked != (sender == .client) || isControl && length > Self.longestControlPayload {
            isLost = true
        }
        lengthBytes = length == 126 ? 2 : length == 127 ? 8 : 0
        payloadLeft = lengthBytes == 0 ? UInt64(length) : 0
        headerLength = Self.shortestHeader + lengthBytes + (isMasked ? 4 : 0)
    }

    private mutating func endFrame() {
        if opcode == Self.close { hasClosed = true }
        headerCount = 0
        headerLength = Self.shortestHeader
        lengthBytes = 0
    }
}
