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

extension FieldLines {
    /// Whether the Connection field may name other fields; it hardly ever does.
    /// - Parameter bytes: those of the head.
    /// - Returns: whether it may.
    func namesConnectionFields(of bytes: Span<UInt8>) -> Bool {
        guard let index = firstIndex(of: .connection) else { return false }
        return count(of: .connection) > 1 || !bytes.extracting(self[index].value).isUsualConnectionOption
    }

    /// Whether the line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``count``.
    ///   - bytes: those of the head.
    ///   - namesFields: what ``namesConnectionFields(of:)`` says.
    /// - Returns: whether it is.
    func isHopByHop(at index: Int, of bytes: Span<UInt8>, namesFields: Bool) -> Bool {
        if self[index].known?.isHopByHop == true { return true }
        guard namesFields else { return false }
        let name = bytes.extracting(self[index].name)
        for other in 0..<count where self[other].known == .connection {
            if bytes.extracting(self[other].value).hasListMember(name) { return true }
        }
        return false
    }
}

extension RequestHead {
    /// Whether the Connection field may name other fields; it hardly ever does.
    public var namesConnectionFields: Bool {
        let storage = storage
        return lines.namesConnectionFields(of: storage.unread)
    }

    /// Whether the field line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``fieldCount``.
    ///   - namesFields: what ``namesConnectionFields`` says.
    /// - Returns: whether it is.
    public func isHopByHop(at index: Int, namesFields: Bool) -> Bool {
        let storage = storage
        return lines.isHopByHop(at: index, of: storage.unread, namesFields: namesFields)
    }
}

extension ResponseHead {
    /// Whether the Connection field may name other fields; it hardly ever does.
    public var namesConnectionFields: Bool {
        let storage = storage
        return lines.namesConnectionFields(of: storage.unread)
    }

    /// Whether the field line at `index` is for this connection only.
    /// - Parameters:
    ///   - index: below ``fieldCount``.
    ///   - namesFields: what ``namesConnectionFields`` says.
    /// - Returns: whether it is.
    public func isHopByHop(at index: Int, namesFields: Bool) -> Bool {
        let storage = storage
        return lines.isHopByHop(at: index, of: storage.unread, namesFields: namesFields)
    }
}

extension Span where Element == UInt8 {
    /// Whether a Connection field says no more than what is for the connection anyway.
    fileprivate var isUsualConnectionOption: Bool {
        equalsIgnoringCase("keep-alive") || equalsIgnoringCase("close") || equalsIgnoringCase("upgrade")
    }
}
