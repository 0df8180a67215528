import Glibc
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

    /// RFC 9113 section 7.
    static let internalError: UInt32 = 2

    let connection: RawConnection
    private(set) var answers: [UInt32: Answer] = [:]
    private let authority: String

    init(port: UInt16) throws {
        connection = try RawConnection(port: port)
        authority = "127.0.0.1:\(port)"
        try connection.send(ClientFrame.preface)
        // INITIAL_WINDOW_SIZE, so that no answer has to wait.
        try send(.settings([(4, 0x7fff_ffff)]))
        try send(.windowUpdate(0x7f00_0000))
    }

    /// Sends a request's head.
    func request(_ method: String, _ path: String, on stream: UInt32, isWhole: Bool = true) throws {
        try send(head(method, path, on: stream, isWhole: isWhole))
    }

    /// Sends a whole request with a body, a frame for each of its pieces; only its first `count` bytes at first.
    func post(_ path: String, _ pieces: [String], on stream: UInt32, cutAt count: Int) throws {
        var bytes = head("POST", path, on: stream, isWhole: false).bytes
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            bytes += ClientFrame.data(Array(piece.utf8), stream: stream, ends: isLast).bytes
        }
        let cut = min(count, bytes.count)
        try connection.send(bytes[..<cut])
        if cut < bytes.count { usleep(300) }
        try connection.send(bytes[cut...])
    }

    private func head(_ method: String, _ path: String, on stream: UInt32, isWhole: Bool) -> ClientFrame {
        let fields = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", path)]
        return .headers(fields, stream: stream, ends: isWhole)
    }

    /// Sends a part of a request's body.
    func send(_ text: String, on stream: UInt32, isLast: Bool = false) throws {
        try send(.data(Array(text.utf8), stream: stream, ends: isLast))
    }

    /// Gives a stream up.
    func reset(_ stream: UInt32) throws { try send(.reset(stream)) }

    /// Waits for the end of a stream.
    func answer(on stream: UInt32) throws -> Answer {
        while answers[stream]?.hasEnded != true, answers[stream]?.reset == nil { try receive() }
        return answers[stream] ?? Answer()
    }

    private func receive() throws {
        let head = try connection.readBytes(ClientFrame.headLength)
        let payload = try connection.readBytes(ClientFrame.payloadLength(in: head))
        let frame = ClientFrame(head: head, payload: payload)
        let isAcknowledgement = frame.flags & 1 != 0
        switch frame.type {
        case ClientFrame.Kind.data: answers[frame.stream, default: Answer()].body += payload
        case ClientFrame.Kind.headers: answers[frame.stream, default: Answer()].hasHead = true
        case ClientFrame.Kind.reset: answers[frame.stream, default: Answer()].reset = frame.number(at: 0)
        case ClientFrame.Kind.settings where !isAcknowledgement: try send(.settingsAcknowledgement)
        case ClientFrame.Kind.ping where !isAcknowledgement:
            try send(ClientFrame(type: frame.type, flags: 1, payload: payload))
        default: break
        }
        if frame.type <= ClientFrame.Kind.headers, frame.endsStream { answers[frame.stream]?.hasEnded = true }
    }

    private func send(_ frame: ClientFrame) throws { try connection.send(frame.bytes) }
}

extension TestServer {
    /// A server that speaks HTTP/2 without TLS as well.
    static func cleartext() throws -> TestServer {
        var limits = Limits()
        limits.isHTTP2CleartextAllowed = true
        return try TestServer(limits: limits)
    }
}
