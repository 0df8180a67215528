public import Bytes

/// A request's method, target and fields, whatever HTTP version brought them.
///
/// It holds one copy of the received bytes and offsets into it. Objects are reused from request to request, so
/// reading a head allocates nothing once the first requests have been seen.
public final class RequestHead {
    /// A version of HTTP that a request can come in.
    public enum Version: Sendable, Equatable {
        /// HTTP/1.0: connections end after the answer unless the client asks otherwise.
        case http10
        /// HTTP/1.1.
        case http11
        /// HTTP/2.
        case http2

        /// As access logs write it.
        public var name: StaticString {
            switch self {
            case .http10: "HTTP/1.0"
            case .http11: "HTTP/1.1"
            case .http2: "HTTP/2"
            }
        }
    }

    /// The form of a request target (RFC 9112 section 3.2).
    public enum TargetForm: Sendable, Equatable {
        /// A path, with or without a query.
        case origin
        /// A whole URL, as sent to proxies.
        case absolute
        /// Host and port, for CONNECT.
        case authority
        /// The `*` of OPTIONS.
        case asterisk
    }

    /// What the client wants done.
    public internal(set) var method = Method.other
    /// The version in the request line.
    public internal(set) var version = Version.http11
    /// How the target was written.
    public internal(set) var targetForm = TargetForm.origin

    /// The path, percent-decoded once and beginning with a slash; of an asterisk or authority target, empty.
    public internal(set) var path: [UInt8] = []

    let storage = ByteBuffer(capacity: 2048)
    var methodRange = 0..<0
    var targetRange = 0..<0
    var queryRange: Range<Int>?
    var authorityRange: Range<Int>?
    var lines = FieldLines()

    /// Makes an empty head.
    public init() {}

    /// Forgets the last request and keeps the memory.
    public func reset() {
        storage.removeAll()
        path.removeAll(keepingCapacity: true)
        lines.removeAll()
        method = .other
        version = .http11
        targetForm = .origin
        methodRange = 0..<0
        targetRange = 0..<0
        queryRange = nil
        authorityRange = nil
    }

    /// The received bytes in `range`.
    ///
    /// The storage changes only in ``reset()`` and while a head is read, which is what makes it right to hand
    /// out a view for as long as the head itself is borrowed.
    @inline(__always)
    @_lifetime(borrow self)
    func bytes(_ range: Range<Int>) -> Span<UInt8> {
        let storage = storage
        let view = storage.unread.extracting(range)
        return unsafe _overrideLifetime(view, borrowing: self)
    }

    /// The method as it was sent.
    public var methodName: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes(methodRange) }
    }

    /// The target as it was sent.
    public var target: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes(targetRange) }
    }

    /// The target as it was sent, up to the question mark.
    public var targetWithoutQuery: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let end = queryRange.map { $0.lowerBound - 1 } ?? targetRange.upperBound
            return bytes(targetRange.lowerBound..<max(targetRange.lowerBound, end))
        }
    }

    /// The query as it was sent, without the question mark; `nil` when the target has none.
    @_lifetime(borrow self)
    public func query() -> Span<UInt8>? {
        guard let queryRange else { return nil }
        return bytes(queryRange)
    }

    /// Host and port that the request is for: those of an absolute target, otherwise the Host field's value
    /// (RFC 9112 section 3.2.2 and 3.2.3, RFC 9113 section 8.3.1); `nil` when it names none.
    @_lifetime(borrow self)
    public func authority() -> Span<UInt8>? {
        if let authorityRange { return bytes(authorityRange) }
        return value(.host)
    }

    /// Number of field lines.
    public var fieldCount: Int { lines.count }

    /// The name of the field line at `index`, below ``fieldCount``, as it was sent.
    @_lifetime(borrow self)
    public func name(at index: Int) -> Span<UInt8> { bytes(lines[index].name) }

    /// The value of the field line at `index`, below ``fieldCount``, without white space around it.
    @_lifetime(borrow self)
    public func value(at index: Int) -> Span<UInt8> { bytes(lines[index].value) }

    /// The name of the field line at `index`, below ``fieldCount``, when it is one of the known ones.
    public func knownName(at index: Int) -> FieldName? { lines[index].known }

    /// Where the path of the target begins behind `decodedCount` bytes of the decoded ``path``, as it was sent and with
    /// the query: what a proxy passes on of it.
    @_lifetime(borrow self)
    public func targetSuffix(behind decodedCount: Int) -> Span<UInt8> {
        let target = bytes(targetRange)
        var offset = 0
        if targetForm == .absolute, let authorityRange {
            offset = authorityRange.upperBound - targetRange.lowerBound
        }
        // A path that was left out stands for a slash.
        var left = offset < target.count && target[offset] == UInt8(ascii: "/") ? decodedCount : 0
        if path.count == targetWithoutQuery.count - offset {
            // Nothing is encoded.
            offset += left
            left = 0
        }
        while left > 0, offset < target.count {
            offset += target[offset] == UInt8(ascii: "%") ? 3 : 1
            left -= 1
        }
        return bytes((targetRange.lowerBound + min(offset, target.count))..<targetRange.upperBound)
    }

    /// Appends the field line at `index`, below ``fieldCount``, to `buffer`: `name: value` and CR LF.
    public func copyLine(at index: Int, to buffer: ByteBuffer) {
        let storage = storage
        lines.copyLine(at: index, of: storage.unread, to: buffer)
    }

    /// Number of field lines of that name.
    public func count(of name: FieldName) -> Int { lines.count(of: name) }

    /// Whether there is a field line of that name.
    public func has(_ name: FieldName) -> Bool { lines.has(name) }

    /// The value of the first line of that name, without white space around it; `nil` when there is none.
    @_lifetime(borrow self)
    public func value(_ name: FieldName) -> Span<UInt8>? {
        guard let index = lines.firstIndex(of: name) else { return nil }
        return bytes(lines[index].value)
    }

    /// Makes ``value(_:)`` give the values of all lines of that name, joined by ", " (RFC 9110 section 5.3); those of
    /// Cookie by "; " (RFC 9113 section 8.2.3).
    ///
    /// For fields whose value is a list; costs nothing where there is only one line.
    public func combineLines(of name: FieldName) {
        guard count(of: name) > 1 else { return }
        let separator = name == .cookie ? UInt8(ascii: ";") : UInt8(ascii: ",")
        var result: [UInt8] = []
        for index in 0..<lines.count where lines[index].known == name {
            if !result.isEmpty { result += [separator, UInt8(ascii: " ")] }
            result += bytes(lines[index].value).copied()
        }
        let start = storage.count
        storage.append(result)
        lines.combine(name, value: start..<storage.count)
    }

    /// Whether a list-valued field has `token` among its members, without regard to case.
    /// - Parameters:
    ///   - name: the field.
    ///   - token: ASCII in lower case.
    /// - Returns: whether it is there.
    public func list(_ name: FieldName, contains token: StaticString) -> Bool {
        let storage = storage
        return lines.list(name, contains: token, of: storage.unread)
    }

    /// The fields in the order received, as text: for tests and logs.
    public var fieldTexts: [(name: String, value: String)] {
        (0..<lines.count).map { (name(at: $0).text(), value(at: $0).text()) }
    }
}
