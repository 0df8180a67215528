import Bytes

/// A head whose parts come one by one, as HTTP/2 brings them (RFC 9113 section 8.3.1).
extension RequestHead {
    /// Takes one field, pseudo-header fields among them.
    /// - Parameters:
    ///   - name: in lower case; a pseudo-header field begins with a colon.
    ///   - value: without white space around it.
    public func add(name: Span<UInt8>, value: Span<UInt8>) {
        if !name.isEmpty, name[0] == UInt8(ascii: ":") {
            addPseudoHeader(name, value)
            return
        }
        let (name, value) = (store(name), store(value))
        let storage = storage
        lines.append(FieldLine(name: name, value: value, of: storage.unread))
    }

    /// Completes a head that has got all its fields.
    /// - Throws: `HTTPError` 400 when the target or the host is malformed, or two hosts are named.
    public func finishHTTP2() throws(HTTPError) {
        version = .http2
        method = Method(bytes(methodRange))
        if method == .connect {
            guard let authorityRange else { throw .malformed("CONNECT wants a host and port") }
            targetRange = authorityRange
        }
        guard !targetRange.isEmpty else { throw .malformed("the :path is empty") }
        let isOrigin = target[0] == UInt8(ascii: "/") || target[0] == UInt8(ascii: "*")
        guard isOrigin || method == .connect else {
            throw .malformed("the :path does not begin with a slash")
        }
        let authority = authorityRange
        try RequestTarget.resolve(self)
        authorityRange = authority
        try HostRule.check(self)
    }

    private func addPseudoHeader(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.equals(":method") {
            methodRange = store(value)
        } else if name.equals(":path") {
            targetRange = store(value)
        } else if name.equals(":authority") {
            authorityRange = store(value)
        }
    }

    private func store(_ bytes: Span<UInt8>) -> Range<Int> {
        let start = storage.count
        storage.append(bytes)
        return start..<storage.count
    }
}
