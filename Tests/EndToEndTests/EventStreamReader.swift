import TestSupport
import Testing

/// Reads server-sent events as they come (HTML Living Standard, 9.2).
final class EventStreamReader {
    /// What is between two empty lines.
    struct Block: Equatable {
        var id: String?
        var event: String?
        var data: [String] = []
        var retry: String?
        var comments = 0
    }

    /// The head of the answer.
    let head: RawResponse
    private let connection: RawConnection
    private let isChunked: Bool
    private var bytes: [UInt8] = []
    /// Where in `bytes` no block can end before.
    private var searched = 0

    /// Reads the head of an answer that must be a stream of events.
    init(_ connection: RawConnection) throws {
        self.connection = connection
        head = try connection.readHead()
        try #require(head.status == 200, "\(head.statusLine)")
        try #require(head["content-type"] == "text/event-stream")
        isChunked = head["transfer-encoding"] == "chunked"
    }

    /// The next block; `nil` at the end of the stream.
    func next() throws -> Block? {
        while true {
            while searched + 1 < bytes.count {
                if bytes[searched] == 0x0a, bytes[searched + 1] == 0x0a {
                    let block = String(decoding: bytes[..<searched], as: UTF8.self)
                    bytes.removeFirst(searched + 2)
                    searched = 0
                    return Self.parse(block)
                }
                searched += 1
            }
            guard let piece = try nextPiece() else {
                try #require(bytes.isEmpty, "the stream ends within an event")
                return nil
            }
            bytes += piece
        }
    }

    /// The next event, comments and times passed over; `nil` at the end of the stream.
    func nextEvent() throws -> Block? {
        while let block = try next() {
            if block.event != nil { return block }
        }
        return nil
    }

    /// The next events, as many as are wanted.
    func events(_ count: Int) throws -> [Block] {
        try (0..<count).map { _ in try #require(try nextEvent(), "the stream has ended") }
    }

    /// Whether the stream ends, and in order, without another event.
    func ends() throws -> Bool { try nextEvent() == nil }

    /// Goes away without a word.
    func leave() { connection.close() }

    private func nextPiece() throws -> [UInt8]? {
        guard isChunked else {
            let piece = try connection.readSome()
            return piece.isEmpty ? nil : piece
        }
        let size = try #require(Int(try connection.readLine(), radix: 16))
        let piece = try connection.readBytes(size)
        try #require(try connection.readLine().isEmpty)
        return size == 0 ? nil : piece
    }

    private static func parse(_ text: String) -> Block {
        var block = Block()
        for line in text.split(separator: "\n") {
            if line.hasPrefix(":") {
                block.comments += 1
                continue
            }
            let sides = line.split(separator: ":", maxSplits: 1)
            let value = sides.count > 1 ? String(sides[1].dropFirst(sides[1].hasPrefix(" ") ? 1 : 0)) : ""
            switch sides[0] {
            case "id": block.id = value
            case "event": block.event = value
            case "data": block.data.append(value)
            case "retry": block.retry = value
            default: Issue.record("an unknown line: \(line)")
            }
        }
        return block
    }
}

extension EventStreamReader.Block {
    /// The number of the cell of an event that ``SubscribedViewer/event(_:padding:)`` has made.
    var cell: Int? {
        guard case .number(let number)? = (try? JSON(Array(data.joined(separator: "\n").utf8)))?["cell"]
        else {
            return nil
        }
        return Int(number)
    }
}
