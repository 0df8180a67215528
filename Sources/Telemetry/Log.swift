import Bytes
import Reactor

/// The program's log: one line an event, as text for people or as JSON for machines.
public final class Log: Sendable {
    /// How much an event matters.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        /// Something failed and somebody should look.
        case error
        /// Something is not as it should be, and work goes on.
        case warning
        /// What an operator wants to know of a normal day.
        case info
        /// For finding faults.
        case debug

        /// Whether the left one matters more.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var text: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .info: "info"
            case .debug: "debug"
            }
        }
    }

    /// What a line looks like.
    public enum Format: Sendable {
        /// Time, level and message.
        case text
        /// An object with `time`, `level` and `message`.
        case json
    }

    private let level: Level
    private let format: Format
    private let sink: LogSink

    /// Makes a log that keeps what matters at least as much as `level`.
    public init(level: Level, format: Format, sink: LogSink) {
        self.level = level
        self.format = format
        self.sink = sink
    }

    /// Logs a failure that somebody should look at.
    public func error(_ message: @autoclosure () -> String) { write(.error, message) }
    /// Logs something that is not as it should be.
    public func warning(_ message: @autoclosure () -> String) { write(.warning, message) }
    /// Logs what an operator wants to know.
    public func info(_ message: @autoclosure () -> String) { write(.info, message) }
    /// Logs a detail for finding faults.
    public func debug(_ message: @autoclosure () -> String) { write(.debug, message) }

    private func write(_ level: Level, _ message: () -> String) {
        guard level <= self.level else { return }
        sink.write(Array(Self.line(level, message(), format).utf8))
    }

    /// A whole line with its line feed.
    static func line(_ level: Level, _ message: String, _ format: Format) -> String {
        let time = Timestamp.text(unixMilliseconds: Clock.unixMilliseconds())
        switch format {
        case .text:
            // A message may quote what a client or a file says; it must not be able to forge a line.
            return "\(time) \(level.text): \(message.replacingControlCharacters())\n"
        case .json:
            return JSONText.object([
                "time": JSONText.string(time), "level": JSONText.string(level.text),
                "message": JSONText.string(message),
            ]) + "\n"
        }
    }
}

extension String {
    /// The text with every control character replaced by a space, so that it stays on one line.
    public func replacingControlCharacters() -> String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            result.append(isControl ? " " : scalar)
        }
        return String(result)
    }
}
