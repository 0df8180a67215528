import Bytes
import Reactor

/// What one finished exchange leaves behind.
///
/// Queries are not in it: they may carry a viewer's token.
public struct AccessRecord: Sendable {
    /// The client's address.
    public var peer: String
    /// The method as sent.
    public var method: String
    /// The path as sent, without the query.
    public var path: String
    /// The HTTP version, for example `HTTP/1.1`.
    public var version: String
    /// The status code.
    public var status: Int
    /// Bytes of the body that were sent.
    public var bytes: UInt64
    /// From the first byte of the request to the last of the answer.
    public var microseconds: Int64
    /// The User-Agent field, empty when there is none.
    public var userAgent: String

    /// Makes a record.
    public init(
        peer: String,
        method: String,
        path: String,
        version: String,
        status: Int,
        bytes: UInt64,
        microseconds: Int64,
        userAgent: String
    ) {
        self.peer = peer
        self.method = method
        self.path = path
        self.version = version
        self.status = status
        self.bytes = bytes
        self.microseconds = microseconds
        self.userAgent = userAgent
    }
}

/// The access log: a line a request.
public final class AccessLog: Sendable {
    private let format: Log.Format
    private let sink: LogSink

    /// Makes an access log.
    public init(format: Log.Format, sink: LogSink) {
        self.format = format
        self.sink = sink
    }

    /// Writes a record.
    public func write(_ record: AccessRecord) {
        let time = Timestamp.text(unixMilliseconds: Clock.unixMilliseconds())
        let milliseconds = Double(record.microseconds) / 1000
        let line =
            switch format {
            case .text:
                "\(time) \(record.peer) \(quoted("\(record.method) \(record.path) \(record.version)")) "
                    + "\(record.status) \(record.bytes) \(milliseconds)ms \(quoted(record.userAgent))\n"
            case .json:
                JSONText.object([
                    "time": JSONText.string(time), "peer": JSONText.string(record.peer),
                    "method": JSONText.string(record.method), "path": JSONText.string(record.path),
                    "version": JSONText.string(record.version), "status": "\(record.status)",
                    "bytes": "\(record.bytes)", "milliseconds": "\(milliseconds)",
                    "userAgent": JSONText.string(record.userAgent),
                ]) + "\n"
            }
        sink.write(Array(line.utf8))
    }

    /// JSON's escapes serve text lines too: no quote or line feed of a client can break a line.
    private func quoted(_ text: String) -> String { JSONText.string(text) }
}
