import Bytes

/// The fields that are for one connection only and that intermediaries do not pass on (RFC 9110 section 7.6.1).
extension FieldName {
    /// Whether the field belongs to one connection whatever the Connection field says.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyAuthenticate, .proxyAuthenticationInfo, .proxyAuthorization,
            .proxyConnection, .te, .trailer, .transferEncoding, .upgrade:
            true
        default: false
        }
    }
}

extension RequestHead {
    /// Whether the Connection field may name other fields; it hardly ever does.
    public var namesConnectionFields: Bool {
        has(.connection)
            && (count(of: .connection) > 1 || value(.connection)?.isUsualConnectionOption == false)
    }

    /// Whether the field line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``fieldCount``.
    ///   - namesFields: what ``namesConnectionFields`` says.
    /// - Returns: whether it is.
    public func isHopByHop(at index: Int, namesFields: Bool) -> Bool {
        if knownName(at: index)?.isHopByHop == true { return true }
        guard namesFields else { return false }
        for other in 0..<fieldCount where knownName(at: other) == .connection {
            if value(at: other).hasListMember(name(at: index)) { return true }
        }
        return false
    }
}

extension ResponseHead {
    /// Whether the Connection field may name other fields; it hardly ever does.
    public var namesConnectionFields: Bool {
        has(.connection)
            && (count(of: .connection) > 1 || value(.connection)?.isUsualConnectionOption == false)
    }

    /// Whether the field line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``fieldCount``.
    ///   - namesFields: what ``namesConnectionFields`` says.
    /// - Returns: whether it is.
    public func isHopByHop(at index: Int, namesFields: Bool) -> Bool {
        if knownName(at: index)?.isHopByHop == true { return true }
        guard namesFields else { return false }
        for other in 0..<fieldCount where knownName(at: other) == .connection {
            if value(at: other).hasListMember(name(at: index)) { return true }
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Whether a Connection field says no more than what is for the connection anyway.
    fileprivate var isUsualConnectionOption: Bool {
        equalsIgnoringCase("keep-alive") || equalsIgnoringCase("close") || equalsIgnoringCase("upgrade")
    }
}
