import Bytes

/// How urgently a client wants an answer (RFC 9218 section 4).
public struct Priority: Sendable, Equatable {
    /// 0, the most urgent, to 7.
    public var urgency: UInt8 = 3
    /// Whether the client can use the answer piece by piece, so that it may share the line with others.
    public var isIncremental = false

    /// The priority of a request that says nothing.
    public init() {}

    /// Reads the value of a Priority field; what is not understood counts as not said.
    public init(_ value: Span<UInt8>) {
        var start = 0
        while start < value.count {
            let end = value.firstOffset(of: UInt8(ascii: ","), from: start) ?? value.count
            let member = value.extracting(start..<end).trimmed()
            if member.count == 3, member[0] == UInt8(ascii: "u"), member[1] == UInt8(ascii: "="),
                UInt8(ascii: "0")...UInt8(ascii: "7") ~= member[2]
            {
                urgency = member[2] - UInt8(ascii: "0")
            } else if member.equals("i") || member.equals("i=?1") {
                isIncremental = true
            } else if member.equals("i=?0") {
                isIncremental = false
            }
            start = end + 1
        }
    }
}
