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
    var lines: [FieldLine] = []

    /// Makes an empty head.
    public init() {}

    /// Forgets the last answer and keeps the memory.
    public func reset() {
        storage.removeAll()
        lines.removeAll(keepingCapacity: true)
        status = .ok
        version = .http11
    }

    /// The received bytes in `range`.
    ///
    /// The storage changes only in ``reset()`` and while a head is read, which is what makes it right to hand
    /// out a view for as long as the head itself is borrowed.
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

    /// Number of field lines of that name, which is given in lower case.
    public func count(of name: StaticString) -> Int {
        lines.reduce(0) { $0 + (bytes($1.name).equalsIgnoringCase(name) ? 1 : 0) }
    }

    /// The value of the first line of that name, which is given in lower case, without white space around it; `nil`
    /// when there is none.
    @_lifetime(borrow self)
    public func value(_ name: StaticString) -> Span<UInt8>? {
        for index in lines.indices where bytes(lines[index].name).equalsIgnoringCase(name) {
            return bytes(lines[index].value)
        }
        return nil
    }

    /// Whether a list-valued field has `token` among its members, without regard to case.
    /// - Parameters:
    ///   - name: in lower case.
    ///   - token: in lower case.
    /// - Returns: whether it is there.
    public func list(_ name: StaticString, contains token: StaticString) -> Bool {
        lines.contains {
            bytes($0.name).equalsIgnoringCase(name) && bytes($0.value).hasListMember(token)
        }
    }

    /// Whether the server means to keep the connection (RFC 9112 section 9.3).
    public var isKeptAlive: Bool {
        if list("connection", contains: "close") { return false }
        return version == .http11 || list("connection", contains: "keep-alive")
    }

    /// The fields in the order received, as text.
    public var fieldTexts: [(name: String, value: String)] {
        lines.map { (bytes($0.name).text(), bytes($0.value).text()) }
    }
}
