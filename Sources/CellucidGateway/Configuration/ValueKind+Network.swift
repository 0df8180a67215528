extension ValueKind where Value == String {
    /// An address or host name to listen on; brackets around an IPv6 address are taken off.
    static let listenHost = text(expected: "an IP address or a host name, without port") { text in
        let address = withoutBrackets(text)
        // The zone of a link-local address (RFC 4007 section 11) is for the system to judge.
        let parts = address.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if AddressText.isIPv6(String(parts[0])), parts.count == 1 || !parts[1].isEmpty { return address }
        return AddressText.isIPv4(text) || AddressText.isHostName(text) ? text : nil
    }

    /// A host name as it comes in requests, or a pattern for several.
    static let allowedHost = text(expected: "a host name without port, *.domain or *") { text in
        let name = withoutBrackets(text.lowercased())
        if name == "*" || AddressText.isIPv4(name) || AddressText.isIPv6(name) { return name }
        let isPattern = name.hasPrefix("*.")
        return AddressText.isHostName(isPattern ? String(name.dropFirst(2)) : name) ? name : nil
    }

    /// The address of a proxy, or a network of proxies.
    static let proxyAddress = text(expected: "an IP address or a network such as 10.0.0.0/8") { text in
        AddressText.isAddressOrNetwork(text) ? text : nil
    }

    /// A path that everything is served under; it gets a `/` at both ends.
    static let basePath = text(
        expected: "a URL path such as /cells/ with letters, digits, \".\", \"_\", \"~\" and \"-\""
    ) { text in
        if text == "/" { return text }
        var path = text.hasPrefix("/") ? text.dropFirst() : text[...]
        if path.hasSuffix("/") { path.removeLast() }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let areSafe = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.unicodeScalars.allSatisfy {
                    $0.isASCIILetterOrDigit || "._~-".unicodeScalars.contains($0)
                }
        }
        return areSafe ? "/" + path + "/" : nil
    }

    private static func withoutBrackets(_ text: String) -> String {
        let inner = text.dropFirst().dropLast()
        return text.hasPrefix("[") && text.hasSuffix("]") && inner.contains(":") ? String(inner) : text
    }
}
