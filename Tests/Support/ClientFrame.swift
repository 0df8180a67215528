/// A frame of HTTP/2, made or taken apart by hand (RFC 9113 section 4.1).
public struct ClientFrame: Equatable, CustomStringConvertible, Sendable {
    /// The types of frames (RFC 9113 section 6).
    public enum Kind {
        public static let data: UInt8 = 0
        public static let headers: UInt8 = 1
        public static let reset: UInt8 = 3
        public static let settings: UInt8 = 4
        public static let ping: UInt8 = 6
        public static let goAway: UInt8 = 7
        public static let windowUpdate: UInt8 = 8
        public static let continuation: UInt8 = 9
    }

    /// One of ``Kind``, or any other.
    public var type: UInt8
    /// What they mean depends on the type.
    public var flags: UInt8
    /// The number of the stream; 0 for the connection.
    public var stream: UInt32
    /// What follows the head.
    public var payload: [UInt8]

    /// Makes a frame of any type.
    public init(type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, payload: [UInt8] = []) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// Takes a frame apart: its head, and as many bytes after it as ``payloadLength(in:)`` says.
    public init(head: [UInt8], payload: [UInt8]) {
        self.init(type: head[3], flags: head[4], stream: Self.number(head[5...8]), payload: payload)
    }

    /// The length of every frame's head.
    public static let headLength = 9

    /// The number of bytes that follow a head.
    public static func payloadLength(in head: [UInt8]) -> Int { Int(number(head[..<3])) }

    /// On the wire.
    public var bytes: [UInt8] {
        Array(Self.word(UInt32(payload.count)).dropFirst()) + [type, flags] + Self.word(stream) + payload
    }

    public var description: String {
        "type \(type) flags \(flags) stream \(stream) \(payload.count) bytes \(payload.prefix(8))"
    }

    /// Whether it ends its stream; only for DATA and HEADERS.
    public var endsStream: Bool { flags & 1 != 0 }

    /// The 32-bit number at `offset` of the payload.
    public func number(at offset: Int) -> UInt32 { Self.number(payload[offset...].prefix(4)) }

    /// Takes apart what a server has sent; bytes after the last whole frame are dropped.
    public static func parse(_ bytes: [UInt8]) -> [ClientFrame] {
        var frames: [ClientFrame] = []
        var start = 0
        while start + headLength <= bytes.count {
            let body = start + headLength
            let head = Array(bytes[start..<body])
            let end = body + payloadLength(in: head)
            guard end <= bytes.count else { break }
            frames.append(ClientFrame(head: head, payload: Array(bytes[body..<end])))
            start = end
        }
        return frames
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A 32-bit number on the wire.
    public static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> UInt32($0) & 0xff) }
    }

    // MARK: What a client sends

    /// The connection preface (RFC 9113 section 3.4) without its SETTINGS.
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// SETTINGS, values by identifiers.
    public static func settings(_ values: [(UInt16, UInt32)] = []) -> ClientFrame {
        let payload = values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] + word($1) }
        return ClientFrame(type: Kind.settings, payload: payload)
    }

    /// SETTINGS with ACK.
    public static let settingsAcknowledgement = ClientFrame(type: Kind.settings, flags: 1)

    /// A header block that is whole, with END_HEADERS.
    public static func headers(_ fields: [(String, String)], stream: UInt32, ends: Bool = true) -> ClientFrame
    {
        ClientFrame(
            type: Kind.headers,
            flags: ends ? 5 : 4,
            stream: stream,
            payload: fields.flatMap { literal($0, $1) }
        )
    }

    /// The head of a request without surprises.
    public static func request(
        _ method: String = "GET",
        _ path: String = "/",
        more: [(String, String)] = [],
        stream: UInt32,
        ends: Bool = true
    ) -> ClientFrame {
        let fields = [
            (":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path),
        ]
        return headers(fields + more, stream: stream, ends: ends)
    }

    /// DATA, with END_STREAM when it `ends` the stream.
    public static func data(_ bytes: [UInt8], stream: UInt32, ends: Bool = false) -> ClientFrame {
        ClientFrame(type: Kind.data, flags: ends ? 1 : 0, stream: stream, payload: bytes)
    }

    /// RST_STREAM; CANCEL (RFC 9113 section 7) when nothing else is said.
    public static func reset(_ stream: UInt32, code: UInt32 = 8) -> ClientFrame {
        ClientFrame(type: Kind.reset, stream: stream, payload: word(code))
    }

    /// WINDOW_UPDATE, for the connection when no stream is named.
    public static func windowUpdate(_ increment: UInt32, stream: UInt32 = 0) -> ClientFrame {
        ClientFrame(type: Kind.windowUpdate, stream: stream, payload: word(increment))
    }

    /// PING with the same byte eight times.
    public static func ping(_ byte: UInt8 = 0, isAcknowledgement: Bool = false) -> ClientFrame {
        let payload = [UInt8](repeating: byte, count: 8)
        return ClientFrame(type: Kind.ping, flags: isAcknowledgement ? 1 : 0, payload: payload)
    }

    /// GOAWAY without an error.
    public static func goAway() -> ClientFrame { ClientFrame(type: Kind.goAway, payload: word(0) + word(0)) }

    /// A literal field without indexing and without Huffman coding (RFC 7541 section 6.2.2).
    public static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0] + string(name) + string(value)
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var length = bytes.count
        if length < 127 { return [UInt8(length)] + bytes }
        // RFC 7541 section 5.1.
        var prefix: [UInt8] = [127]
        length -= 127
        while length >= 128 {
            prefix.append(UInt8(length & 127 | 128))
            length >>= 7
        }
        return prefix + [UInt8(length)] + bytes
    }
}
