import TestSupport

/// The page's end of the WebSocket of Cellucid 0.9.5 (RFC 6455), opened as a browser opens it.
final class ViewerChannel {
    /// A frame that came.
    enum Frame: Equatable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        /// With the code that says why.
        case close(UInt16)
    }

    /// The channel was not opened; with the answer.
    struct Refusal: Error {
        let response: RawResponse
    }

    private let connection: RawConnection

    /// Opens the channel.
    /// - Parameters:
    ///   - gateway: the gateway.
    ///   - mount: the server's mount.
    ///   - origin: the origin of the page; the gateway's own when it is `nil`.
    /// - Throws: ``Refusal`` when the answer is another than that of an upgrade.
    init(_ gateway: GatewayProcessUnderTest, mount: String, origin: String? = nil) throws {
        connection = try gateway.connect()
        let response = try connection.exchange(
            "GET",
            "/\(mount)/_cellucid/ws",
            [
                "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
                "Origin: \(origin ?? "http://127.0.0.1:\(gateway.port)")", "Sec-Fetch-Site: same-origin",
                "Sec-Fetch-Mode: websocket", "Pragma: no-cache", "Cache-Control: no-cache",
            ]
        )
        // The answer to that key in RFC 6455 section 1.3.
        guard response.status == 101, response["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        else {
            throw Refusal(response: response)
        }
    }

    /// Opens the channel as the page of a viewer.
    convenience init(_ gateway: GatewayProcessUnderTest, _ server: CellucidServer, viewer: String) throws {
        try self.init(gateway, mount: server.mount)
        try hello(viewer, token: server.tokens[viewer] ?? "")
    }

    /// Says who the page is.
    func hello(_ viewer: String, token: String) throws {
        try send(
            .object(["type": .string("hello"), "viewerId": .string(viewer), "viewerToken": .string(token)])
        )
    }

    /// Sends an event as text.
    func send(_ event: JSON) throws { try send(0x1, Array(event.document.utf8)) }

    /// Sends an event with raw bytes behind its header.
    func send(_ header: JSON, _ bytes: [UInt8]) throws {
        let text = Array(header.document.utf8)
        try send(0x2, (0..<4).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text + bytes)
    }

    /// Answers a ping.
    func pong(_ bytes: [UInt8]) throws { try send(0xa, bytes) }

    /// Begins the end.
    func close(_ code: UInt16) throws { try send(0x8, [UInt8(code >> 8), UInt8(code & 0xff)]) }

    /// Leaves without a word.
    func reset() { connection.reset() }

    /// Whether the connection is ended without another byte.
    func ends() throws -> Bool { try connection.endsWithoutMore() }

    /// Waits for the next frame.
    func next() throws -> Frame {
        let head = try connection.readBytes(2)
        var count = Int(head[1] & 0x7f)
        if count > 125 {
            count = try connection.readBytes(count == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
        }
        let payload = try connection.readBytes(count)
        switch head[0] {
        case 0x81: return .text(String(decoding: payload, as: UTF8.self))
        case 0x82: return .binary(payload)
        case 0x89: return .ping(payload)
        case 0x88: return .close(payload.prefix(2).reduce(0) { $0 << 8 | UInt16($1) })
        default: throw RawConnection.Failure.malformed("a frame that begins with \(head[0])")
        }
    }

    private func send(_ opcode: UInt8, _ payload: [UInt8]) throws {
        var frame = [0x80 | opcode]
        switch payload.count {
        case 0...125: frame.append(0x80 | UInt8(payload.count))
        case 126...0xffff: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default:
            frame.append(0x80 | 127)
            frame += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - $0 * 8)) }
        }
        let mask: [UInt8] = [0x5a, 0x00, 0xff, 0x13]
        frame += mask
        frame.reserveCapacity(frame.count + payload.count)
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index & 3]) }
        try connection.send(frame)
    }
}
