import Bytes
import Glibc
import HTTP
import Reactor

/// The host names that this gateway answers to.
///
/// Others get 421, which stops DNS rebinding: a foreign page that makes its own name point to this machine
/// still sends its own name.
struct HostGuard: Sendable {
    private let names: Set<String>
    /// Endings with their dot, of names that were allowed with `*.`.
    private let suffixes: [String]
    private let allowsAll: Bool

    /// Collects the names.
    /// - Parameters:
    ///   - host: the address or name the gateway is bound to.
    ///   - allowed: further names; `*` allows all, `*.name` those one or more labels below.
    ///   - certificateNames: the names its certificates are for.
    init(host: String, allowed: [String], certificateNames: [String]) {
        var names: Set<String> = ["localhost", "127.0.0.1", "::1", host.lowercased()]
        var suffixes = [".localhost"]
        for name in allowed + certificateNames {
            if name.hasPrefix("*.") {
                suffixes.append(String(name.dropFirst(1)).lowercased())
            } else {
                names.insert(name.lowercased())
            }
        }
        let bound = IPNetwork(host)
        if bound != nil, bound == IPNetwork("0.0.0.0") || bound == IPNetwork("::") {
            names.formUnion(SocketAddress.localHosts())
            if let own = Self.machineName() {
                names.insert(own)
                names.insert(own + ".local")
            }
        }
        self.names = names
        self.suffixes = suffixes
        allowsAll = allowed.contains("*")
    }

    /// Whether requests for `authority`, a host with an optional port, are answered.
    func accepts(_ authority: Span<UInt8>) -> Bool {
        if allowsAll { return true }
        let host = Self.host(of: authority).text().lowercased()
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return names.contains(name) || suffixes.contains { name.count > $0.count && name.hasSuffix($0) }
    }

    /// The host part of an authority, without port and brackets.
    @_lifetime(copy authority)
    static func host(of authority: Span<UInt8>) -> Span<UInt8> {
        if !authority.isEmpty, authority[0] == UInt8(ascii: "["),
            let close = authority.firstOffset(of: UInt8(ascii: "]"))
        {
            return authority.extracting(1..<close)
        }
        return authority.extracting(0..<(authority.firstOffset(of: UInt8(ascii: ":")) ?? authority.count))
    }

    private static func machineName() -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, 255) == 0 else { return nil }
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        let name = String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
        return name.isEmpty ? nil : name
    }
}
