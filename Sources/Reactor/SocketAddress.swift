import CLinux
import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// The numeric address, without brackets.
    public let host: String
    /// The port in host byte order.
    public let port: UInt16
    /// Whether it is an IPv6 address.
    public let isIPv6: Bool

    /// Parses a numeric address; `nil` when `host` is none.
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 address in its usual text form, without brackets.
    ///   - port: the port.
    public init?(host: String, port: UInt16) {
        var storage = in6_addr()
        if unsafe inet_pton(AF_INET, host, &storage) == 1 {
            isIPv6 = false
        } else if unsafe inet_pton(AF_INET6, host, &storage) == 1 {
            isIPv6 = true
        } else {
            return nil
        }
        self.host = host
        self.port = port
    }

    init(storage: sockaddr_storage) {
        var storage = storage
        isIPv6 = storage.ss_family == UInt16(AF_INET6)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = Int32(storage.ss_family)
        let size = socklen_t(text.count)
        if isIPv6 {
            port = unsafe withUnsafeBytes(of: &storage) {
                unsafe UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            }
            unsafe withUnsafeBytes(of: &storage) { bytes in
                _ = unsafe inet_ntop(family, bytes.baseAddress?.advanced(by: 8), &text, size)
            }
        } else {
            port = unsafe withUnsafeBytes(of: &storage) {
                unsafe UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            }
            unsafe withUnsafeBytes(of: &storage) { bytes in
                _ = unsafe inet_ntop(family, bytes.baseAddress?.advanced(by: 4), &text, size)
            }
        }
        let end = text.firstIndex(of: 0) ?? text.endIndex
        host = String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The numeric address for people: an IPv4 address that is mapped into IPv6 (RFC 4291 section 2.5.5.2) as IPv4.
    public var shownHost: String {
        let prefix = "::ffff:"
        return host.hasPrefix(prefix) && host.contains(".") ? String(host.dropFirst(prefix.count)) : host
    }

    /// The address as in a URL's authority: IPv6 in brackets.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Calls `body` with the address in the form system calls take.
    @unsafe
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        storage.ss_family = UInt16(isIPv6 ? AF_INET6 : AF_INET)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            let address = unsafe bytes.baseAddress.map { unsafe $0 + (isIPv6 ? 8 : 4) }
            _ = unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, host, address)
            let length = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return unsafe bytes.withMemoryRebound(to: sockaddr.self) { pointer -> Result in
                guard let first = pointer.baseAddress else { preconditionFailure("storage is never empty") }
                return unsafe body(first, socklen_t(length))
            }
        }
    }

    /// The numeric addresses that a host name stands for; a numeric name stands for itself.
    ///
    /// Blocks while it asks the system's resolver.
    /// - Returns: none when the name cannot be looked up; ``lookUp(host:port:)`` says why.
    public static func resolve(host: String, port: UInt16) -> [SocketAddress] {
        (try? lookUp(host: host, port: port)) ?? []
    }

    /// The numeric addresses that a host name stands for, the preferred one first (RFC 6724).
    ///
    /// Blocks while it asks the system's resolver.
    /// - Throws: `NameLookupError` when the name stands for none, or the resolver cannot tell.
    public static func lookUp(host: String, port: UInt16) throws(NameLookupError) -> [SocketAddress] {
        if let numeric = SocketAddress(host: host, port: port) { return [numeric] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw NameLookupError(code: code) }
        defer { unsafe freeaddrinfo(list) }
        var result: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                var storage = sockaddr_storage()
                let length = unsafe min(Int(entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
                unsafe withUnsafeMutableBytes(of: &storage) {
                    unsafe $0.copyMemory(from: .init(start: address, count: length))
                }
                let found = SocketAddress(storage: storage)
                if !result.contains(found) { result.append(found) }
            }
            unsafe next = entry.pointee.ai_next
        }
        guard !result.isEmpty else { throw NameLookupError(code: EAI_NONAME) }
        return result
    }

    /// The numeric addresses of this machine's network interfaces.
    public static func localHosts() -> [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var hosts: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ifa_addr {
                let family = unsafe Int32(address.pointee.sa_family)
                let length =
                    family == AF_INET
                    ? MemoryLayout<sockaddr_in>.size
                    : family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : 0
                if length > 0 {
                    var storage = sockaddr_storage()
                    unsafe withUnsafeMutableBytes(of: &storage) {
                        unsafe $0.copyMemory(from: .init(start: address, count: length))
                    }
                    hosts.append(SocketAddress(storage: storage).host)
                }
            }
            unsafe next = entry.pointee.ifa_next
        }
        return hosts
    }
}
