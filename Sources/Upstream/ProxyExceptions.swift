import Reactor

/// The hosts that are reached without a proxy: the value of `no_proxy`.
///
/// Entries are separated by commas or spaces. `*` is everything; a name is itself and all names that end in it, with or
/// without a dot before it; an address or a network such as `10.0.0.0/8` is for hosts given as addresses; a port
/// after a colon makes an entry count for that port only.
struct ProxyExceptions: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var name: String
        var network: IPNetwork?
        var port: UInt16?
    }

    private var entries: [Entry] = []

    init(_ text: String) {
        let parts = text.split { $0 == "," || $0 == " " || $0 == "\t" }
        entries = parts.compactMap { Self.entry($0.lowercased()) }
    }

    /// Whether a host, a name in lower case or a numeric address, is reached directly.
    func contain(host: String, port: UInt16) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        let isNumeric = SocketAddress(host: name, port: port) != nil
        return entries.contains { entry in
            if let wanted = entry.port, wanted != port { return false }
            if entry.name == "*" { return true }
            if isNumeric { return entry.network?.contains(name) ?? false }
            return entry.network == nil && (name == entry.name || name.hasSuffix("." + entry.name))
        }
    }

    private static func entry(_ text: String) -> Entry? {
        if let network = IPNetwork(text) { return Entry(name: text, network: network) }
        var name = text[...]
        var port: UInt16?
        if let colon = name.lastIndex(of: ":"), let number = UInt16(name[name.index(after: colon)...]) {
            port = number
            name = name[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if let network = IPNetwork(String(name)) { return Entry(name: text, network: network, port: port) }
        while name.hasPrefix(".") { name = name.dropFirst() }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.isEmpty ? nil : Entry(name: String(name), network: nil, port: port)
    }
}
