import Server
import TestSupport

/// A client of HTTP/2 without TLS that sends frames as it is told, and notes what comes of the answers but their heads.
final class HTTP2Peer {
    /// What has come on a stream.
    struct Answer: Equatable {
        var body: [UInt8] = []
        var hasHead = false
        var hasEnded = false
        /// The error code of RST_STREAM.
        var reset: UInt32?
    }

    private enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
    }

    /// RFC 9113 section 7.
    static let internalError: UInt32 = 2
    static let cancel: UInt32 = 8

    let connection: RawConnection
    private(set) var answers: [UInt32: Answer] = [:]
    private let authority: String

    init(port: UInt16) throws {
        connection = try RawConnection(port: port)
        authority = "127.0.0.1:\(port)"
        try connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        // INITIAL_WINDOW_SIZE, so that no answer has to wait.
        try send(Kind.settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff])
        try send(Kind.windowUpdate, 0, 0, [0x7f, 0, 0, 0])
    }

    /// Sends a request's head.
    func request(_ method: String, _ path: String, on stream: UInt32, isWhole: Bool = true) throws {
        var block: [UInt8] = []
        let fields = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", path)]
        for (name, value) in fields {
            // Literals that are not indexed (RFC 7541 section 6.2.2), all shorter than 127 bytes.
            block +=
                [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        try send(Kind.headers, isWhole ? 0x5 : 0x4, stream, block)
    }

    /// Sends a part of a request's body.
    func send(_ text: String, on stream: UInt32, isLast: Bool = false) throws {
        try send(Kind.data, isLast ? 1 : 0, stream, Array(text.utf8))
    }

    /// Gives a stream up.
    func reset(_ stream: UInt32) throws { try send(Kind.reset, 0, stream, [0, 0, 0, UInt8(Self.cancel)]) }

    /// Waits for the end of a stream.
    func answer(on stream: UInt32) throws -> Answer {
        while answers[stream]?.hasEnded != true, answers[stream]?.reset == nil { try receive() }
        return answers[stream] ?? Answer()
    }

    private func receive() throws {
        let head = try connection.readBytes(9)
        let payload = try connection.readBytes(Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]))
        let stream = Self.number(head[5...8])
        switch head[3] {
        case Kind.data: answers[stream, default: Answer()].body += payload
        case Kind.headers: answers[stream, default: Answer()].hasHead = true
        case Kind.reset: answers[stream, default: Answer()].reset = Self.number(payload[...])
        case Kind.settings where head[4] & 1 == 0: try send(Kind.settings, 1, 0, [])
        case Kind.ping where head[4] & 1 == 0: try send(Kind.ping, 1, 0, payload)
        default: break
        }
        if head[3] <= Kind.headers, head[4] & 1 == 1 { answers[stream]?.hasEnded = true }
    }

    private func send(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) throws {
        let length = payload.count
        let head = [UInt8(length >> 16), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), kind, flags]
        try connection.send(head + [24, 16, 8, 0].map { UInt8(stream >> $0 & 0xff) } + payload)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension TestServer {
    /// A server that speaks HTTP/2 without TLS as well.
    static func cleartext() throws -> TestServer {
        var limits = Limits()
        limits.isHTTP2CleartextAllowed = true
        return try TestServer(limits: limits)
    }
}
