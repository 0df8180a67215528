import Bytes

/// The fields that are for one connection only and that intermediaries do not pass on (RFC 9110 section 7.6.1).
public enum HopByHop {
    /// Whether a field belongs to one connection whatever the Connection field says.
    public static func isAlways(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 2: name.equalsIgnoringCase("te")
        case 7: name.equalsIgnoringCase("trailer") || name.equalsIgnoringCase("upgrade")
        case 10: name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("keep-alive")
        case 16: name.equalsIgnoringCase("proxy-connection")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        case 18: name.equalsIgnoringCase("proxy-authenticate")
        case 19: name.equalsIgnoringCase("proxy-authorization")
        case 25: name.equalsIgnoringCase("proxy-authentication-info")
        default: false
        }
    }
}

extension RequestHead {
    /// Whether the field line at `index` is for this connection only.
    public func isHopByHop(at index: Int) -> Bool {
        if HopByHop.isAlways(name(at: index)) { return true }
        guard count(of: .connection) > 0 else { return false }
        for other in 0..<fieldCount where knownName(at: other) == .connection {
            if value(at: other).hasListMember(name(at: index)) { return true }
        }
        return false
    }
}

extension ResponseHead {
    /// Whether the field line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``fieldCount``.
    ///   - namesOptions: whether there is a Connection field, as ``namesConnectionOptions`` says.
    /// - Returns: whether it is.
    public func isHopByHop(at index: Int, namesOptions: Bool) -> Bool {
        if HopByHop.isAlways(name(at: index)) { return true }
        guard namesOptions else { return false }
        for other in 0..<fieldCount where name(at: other).equalsIgnoringCase("connection") {
            if value(at: other).hasListMember(name(at: index)) { return true }
        }
        return false
    }

    /// Whether a Connection field may name other fields.
    public var namesConnectionOptions: Bool { count(of: "connection") > 0 }
}
