import Bytes

/// The fields of an answer, as the lines that HTTP/1.1 sends: `Name: value` and CR LF each.
///
/// Blocks of lines that are always the same for a file are made once and appended whole.
public final class ResponseFields {
    private let lines = ByteBuffer(capacity: 1024)

    /// Makes an empty list.
    public init() {}

    /// All lines.
    public var block: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let lines = lines
            let view = lines.unread
            return unsafe _overrideLifetime(view, borrowing: self)
        }
    }

    /// Whether there is no field.
    public var isEmpty: Bool { lines.isEmpty }

    /// Drops all fields.
    public func removeAll() { lines.removeAll() }

    /// Adds a field with a value known at compile time.
    public func add(_ name: StaticString, _ value: StaticString) {
        begin(name)
        lines.append(value)
        lines.append("\r\n")
    }

    /// Adds a field with a number.
    public func add(_ name: StaticString, decimal value: UInt64) {
        begin(name)
        lines.append(decimal: value)
        lines.append("\r\n")
    }

    /// Adds a field whose value comes from elsewhere; control characters in it, which could end the line and
    /// forge another field, become spaces.
    public func add(_ name: StaticString, _ value: Span<UInt8>) {
        begin(name)
        if value.containsControlCharacter(from: 0, to: value.count) {
            for index in 0..<value.count {
                lines.append(byte: value[index] < 0x20 || value[index] == 0x7f ? 0x20 : value[index])
            }
        } else {
            lines.append(value)
        }
        lines.append("\r\n")
    }

    /// Adds a field whose value is text that is made at run time; a literal is meant for the other one.
    @_disfavoredOverload
    public func add(_ name: StaticString, _ value: String) { add(name, Array(value.utf8).span) }

    /// Adds a field as another server sent it.
    /// - Parameters:
    ///   - name: a token.
    ///   - value: without control characters other than a tab.
    public func add(name: Span<UInt8>, value: Span<UInt8>) {
        lines.append(name: name, value: value)
    }

    /// Adds a field as another server sent it.
    /// - Parameters:
    ///   - index: that of its line, below the head's ``ResponseHead/fieldCount``.
    ///   - head: what the server sent.
    public func add(lineAt index: Int, of head: ResponseHead) { head.copyLine(at: index, to: lines) }

    /// Adds `Content-Range: bytes first-last/size` (RFC 9110 section 14.4), or with no range the form of a 416.
    public func addContentRange(_ range: Range<UInt64>?, size: UInt64) {
        begin("Content-Range")
        lines.append("bytes ")
        if let range {
            lines.append(decimal: range.lowerBound)
            lines.append("-")
            lines.append(decimal: range.upperBound - 1)
        } else {
            lines.append("*")
        }
        lines.append("/")
        lines.append(decimal: size)
        lines.append("\r\n")
    }

    /// Adds lines made earlier from another list's ``block``.
    public func add(block: [UInt8]) { lines.append(block) }

    private func begin(_ name: StaticString) {
        lines.append(name)
        lines.append(": ")
    }
}
