import Bytes
import HTTP
import TestSupport

@testable import HTTP2

/// A session with a client made of hand-made frames, and an owner that sends bodies of a known pattern.
final class SessionUnderTest {
    let session: HTTP2Session
    let heads: RequestHeadPool
    /// Places of streams whose body the owner cannot give.
    var brokenStreams: Set<Int32> = []
    /// What is told as the time, in milliseconds.
    var now: Int64 = 0

    /// Begins a session.
    /// - Parameters:
    ///   - settings: those of the server.
    ///   - scratch: shared with other sessions; nil for one of its own.
    init(_ settings: HTTP2Settings = HTTP2Settings(), scratch: HTTP2Scratch? = nil) {
        heads = RequestHeadPool()
        let own = scratch ?? HTTP2Scratch(heads: heads, buffers: BufferPool())
        session = HTTP2Session(settings, scratch: own, now: 0)
    }

    /// Exchanges prefaces; what is sent after this is not about the settings.
    func begin(_ values: [(UInt16, UInt32)] = []) {
        receive(ClientFrame.preface + ClientFrame.settings(values).bytes)
        _ = send()
        receive(ClientFrame.settingsAcknowledgement)
    }

    // MARK: Receiving

    func receive(_ bytes: [UInt8]) { session.receive(bytes.span, now: now) }

    func receive(_ frames: ClientFrame...) { receive(frames.flatMap(\.bytes)) }

    /// The events so far, as text.
    func events() -> [String] {
        session.takeEvents().map { event in
            switch event {
            case .request(let stream): "request \(stream.id)"
            case .body(let stream): "body \(stream.id)"
            case .answeredEarly(let stream): "answered early \(stream.id)"
            case .closed(let stream, let code): "closed \(stream.id) \(code.rawValue)"
            case .shutdownAcknowledged: "shutdown acknowledged"
            }
        }
    }

    /// The streams of the requests that have come up; other events are dropped.
    func requests() -> [HTTP2Stream] {
        session.takeEvents().compactMap { event in
            if case .request(let stream) = event { stream } else { nil }
        }
    }

    /// Takes a request's head.
    func head(of stream: HTTP2Stream) -> String {
        let head = session.takeHead(of: stream)
        defer { heads.give(head) }
        do throws(HTTPError) {
            try head.finishHTTP2()
        } catch {
            return "refused \(error.status.code)"
        }
        let fields = head.fieldTexts.map { "; \($0.name): \($0.value)" }.joined()
        return "\(head.methodName.text()) \(head.target.text())\(fields)"
    }

    /// Takes what has come of a request's body.
    func body(of stream: HTTP2Stream) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 64)
        let count = session.takeBody(of: stream, into: buffer)
        return count == buffer.count ? buffer.unread.copied() : []
    }

    // MARK: Sending

    /// Answers with a body of so many bytes.
    func respond(to stream: HTTP2Stream, _ status: Status = .ok, bytes: Int = 0) {
        let fields = ResponseFields()
        fields.add("X-Test", "yes")
        session.respond(
            to: stream,
            status: status,
            date: Array("Date: today\r\n".utf8),
            fields: fields,
            length: UInt64(bytes),
            hasBody: bytes > 0
        )
        if bytes > 0 { session.bodyAvailable(stream, bytes: UInt64(bytes), isLast: true) }
    }

    /// Byte number `offset` of every body.
    static func pattern(_ offset: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 7 &+ offset >> 8) }

    /// Everything that can be sent now.
    func send(upTo limit: Int = .max) -> [ClientFrame] {
        let buffer = ByteBuffer(capacity: 1024)
        while case .data(let stream, let count) = session.send(into: buffer, upTo: limit) {
            guard !brokenStreams.contains(stream.id) else {
                session.dataWritten(false)
                continue
            }
            session.appendDataHeader(to: buffer)
            let start = stream.sentBytes
            buffer.append((start..<(start + UInt64(count))).map { Self.pattern($0) })
            session.dataWritten(true)
        }
        return ClientFrame.parse(buffer.unread.copied())
    }
}

extension [ClientFrame] {
    /// Those of one type.
    func ofType(_ type: UInt8) -> [ClientFrame] { filter { $0.type == type } }

    /// The bytes of a stream's DATA frames.
    func body(of stream: UInt32) -> [UInt8] {
        filter { $0.type == ClientFrame.Kind.data && $0.stream == stream }.flatMap(\.payload)
    }
}
