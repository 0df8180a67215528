import Bytes

/// A received answer's status and fields (RFC 9112 section 4).
///
/// It holds one copy of the received bytes and offsets into it, and may be used for one answer after another.
public final class ResponseHead {
    /// The status.
    public internal(set) var status = Status.ok
    /// The version in the status line.
    public internal(set) var version = RequestHead.Version.http11

    let storage = ByteBuffer(capacity: 2048)
    var lines = FieldLines()

    /// Makes an empty head.
    public init() {}

    /// Forgets the last answer and keeps the memory.
    public func reset() {
        storage.removeAll()
        lines.removeAll()
        status = .ok
        version = .http11
    }

    /// The received bytes in `range`.
    ///
    /// The storage changes only in ``reset()`` and while a head is read, which is what makes it right to hand
    /// out a view for as long as the head itself is borrowed.
    @inline(__always)
    @_lifetime(borrow self)
    private func bytes(_ range: Range<Int>) -> Span<UInt8> {
        let storage = storage
        let view = storage.unread.extracting(range)
        return unsafe _overrideLifetime(view, borrowing: self)
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

    /// Appends the field line at `index`, below ``fieldCount``, to `buffer`: `name: value` and CR LF.
    func copyLine(at index: Int, to buffer: ByteBuffer) {
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

    /// Whether a list-valued field has `token` among its members, without regard to case.
    /// - Parameters:
    ///   - name: the field.
    ///   - token: ASCII in lower case.
    /// - Returns: whether it is there.
    public func list(_ name: FieldName, contains token: StaticString) -> Bool {
        let storage = storage
        return lines.list(name, contains: token, of: storage.unread)
    }

    /// Whether the server means to keep the connection (RFC 9112 section 9.3).
    public var isKeptAlive: Bool {
        if list(.connection, contains: "close") { return false }
        return version == .http11 || list(.connection, contains: "keep-alive")
    }

    /// The fields in the order received, as text.
    public var fieldTexts: [(name: String, value: String)] {
        (0..<lines.count).map { (name(at: $0).text(), value(at: $0).text()) }
    }
}
