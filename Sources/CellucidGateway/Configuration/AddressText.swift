import Glibc

/// The syntax of IP addresses, networks and host names.
enum AddressText {
    /// Whether a text is an IPv4 address of four decimal numbers.
    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return unsafe !text.utf8.contains(0) && inet_pton(AF_INET, text, &address) == 1
    }

    /// Whether a text is an IPv6 address (RFC 4291 section 2.2), without brackets and zone.
    static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return unsafe !text.utf8.contains(0) && inet_pton(AF_INET6, text, &address) == 1
    }

    /// Whether a text is an address, or a network as an address with a prefix length: `10.0.0.0/8`.
    static func isAddressOrNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = String(parts[0])
        let isIPv4 = isIPv4(address)
        guard isIPv4 || isIPv6(address) else { return false }
        guard parts.count == 2 else { return true }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(digits)
        else { return false }
        return length <= (isIPv4 ? 32 : 128)
    }

    /// Whether a text is a host name: labels of letters, digits, `-` and `_`, 63 bytes each, 253 in all.
    ///
    /// RFC 1123 section 2.1; the underscore is allowed because container networks use it.
    static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // Resolvers read a name whose last label is a number as an IPv4 address in one of its old spellings.
        guard let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.unicodeScalars.allSatisfy { $0.isASCIILetterOrDigit || $0 == "-" || $0 == "_" }
        }
    }
}

extension Unicode.Scalar {
    /// Whether the scalar is one of `A-Z`, `a-z`, `0-9`.
    var isASCIILetterOrDigit: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
