import Glibc

/// A range of IP addresses: an address alone, or one with a prefix length such as `10.0.0.0/8` (RFC 4632).
public struct IPNetwork: Sendable, Equatable {
    /// 16 bytes in network order; IPv4 as mapped into IPv6 (RFC 4291 section 2.5.5.2).
    private let bytes: [UInt8]
    /// How many leading bits count, 0 to 128.
    private let prefixLength: Int

    /// Parses an address or a network; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var bytes = [UInt8](repeating: 0, count: 16)
        let isIPv4 = !text.contains(":")
        if isIPv4 {
            bytes[10] = 0xff
            bytes[11] = 0xff
            var address = in_addr()
            guard unsafe inet_pton(AF_INET, String(parts[0]), &address) == 1 else { return nil }
            unsafe withUnsafeBytes(of: &address) { unsafe bytes.replaceSubrange(12..<16, with: $0) }
        } else {
            guard unsafe inet_pton(AF_INET6, String(parts[0]), &bytes) == 1 else { return nil }
        }
        var length = isIPv4 ? 32 : 128
        if parts.count == 2 {
            guard let given = Int(parts[1]), given >= 0, given <= length else { return nil }
            length = given
        }
        self.bytes = bytes
        prefixLength = isIPv4 ? length + 96 : length
    }

    /// Whether `address`, numeric text, lies in the network.
    public func contains(_ address: String) -> Bool {
        guard let other = IPNetwork(address) else { return false }
        for bit in 0..<prefixLength {
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            if (bytes[bit / 8] ^ other.bytes[bit / 8]) & mask != 0 { return false }
        }
        return true
    }
}
