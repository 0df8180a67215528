/// A frame, made or taken apart by hand (RFC 9113 section 4.1).
struct ClientFrame: Equatable, CustomStringConvertible {
    enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    /// On the wire.
    var bytes: [UInt8] {
        Array(Self.word(UInt32(payload.count)).dropFirst()) + [type, flags] + Self.word(stream) + payload
    }

    var description: String {
        "type \(type) flags \(flags) stream \(stream) \(payload.count) bytes \(payload.prefix(8))"
    }

    /// Whether it ends its stream; only for DATA and HEADERS.
    var endsStream: Bool { flags & 1 != 0 }

    /// The 32-bit number at `offset` of the payload.
    func number(at offset: Int) -> UInt32 { payload[offset...].prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// Takes apart what a server has sent; bytes after the last whole frame are dropped.
    static func parse(_ bytes: [UInt8]) -> [ClientFrame] {
        var frames: [ClientFrame] = []
        var start = 0
        while start + 9 <= bytes.count {
            let length = bytes[start..<(start + 3)].reduce(0) { $0 << 8 | Int($1) }
            let stream = bytes[(start + 5)..<(start + 9)].reduce(0) { $0 << 8 | UInt32($1) }
            let end = start + 9 + length
            guard end <= bytes.count else { break }
            frames.append(
                ClientFrame(
                    type: bytes[start + 3],
                    flags: bytes[start + 4],
                    stream: stream,
                    payload: Array(bytes[(start + 9)..<end])
                )
            )
            start = end
        }
        return frames
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> UInt32($0) & 0xff) }
    }

    // MARK: What a client sends

    /// The connection preface (RFC 9113 section 3.4) without its SETTINGS.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func settings(_ values: [(UInt16, UInt32)] = []) -> ClientFrame {
        let payload = values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] + word($1) }
        return ClientFrame(type: Kind.settings, payload: payload)
    }

    static let settingsAcknowledgement = ClientFrame(type: Kind.settings, flags: 1)

    /// A header block that is whole, with END_HEADERS.
    static func headers(_ fields: [(String, String)], stream: UInt32, ends: Bool = true) -> ClientFrame {
        ClientFrame(
            type: Kind.headers,
            flags: ends ? 5 : 4,
            stream: stream,
            payload: fields.flatMap { literal($0, $1) }
        )
    }

    /// The head of a request without surprises.
    static func request(
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

    static func data(_ bytes: [UInt8], stream: UInt32, ends: Bool = false) -> ClientFrame {
        ClientFrame(type: Kind.data, flags: ends ? 1 : 0, stream: stream, payload: bytes)
    }

    static func reset(_ stream: UInt32, code: UInt32 = 8) -> ClientFrame {
        ClientFrame(type: Kind.reset, stream: stream, payload: word(code))
    }

    static func windowUpdate(_ increment: UInt32, stream: UInt32 = 0) -> ClientFrame {
        ClientFrame(type: Kind.windowUpdate, stream: stream, payload: word(increment))
    }

    static func ping(_ byte: UInt8 = 0, isAcknowledgement: Bool = false) -> ClientFrame {
        let payload = [UInt8](repeating: byte, count: 8)
        return ClientFrame(type: Kind.ping, flags: isAcknowledgement ? 1 : 0, payload: payload)
    }

    static func goAway() -> ClientFrame { ClientFrame(type: Kind.goAway, payload: word(0) + word(0)) }

    /// A literal field without indexing and without Huffman coding (RFC 7541 section 6.2.2).
    static func literal(_ name: String, _ value: String) -> [UInt8] {
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
