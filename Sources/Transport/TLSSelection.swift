import COpenSSL

/// What the server picks from a ClientHello: the certificate by server name (RFC 6066 section 3) and the
/// application protocol (RFC 7301).
final class TLSSelection {
    /// Application protocols, the preferred one first.
    let applicationProtocols: [[UInt8]]

    private let contexts: [TLSContextHandle]
    private let indexByName: [String: Int]

    /// Prepares the choice among `contexts`.
    ///
    /// - Parameters:
    ///   - contexts: one for each certificate.
    ///   - names: for each of `contexts` the lower-case names its certificate is for. Of two certificates
    ///     with the same name the first is taken.
    ///   - applicationProtocols: names of 1 to 255 bytes, the preferred one first.
    init(contexts: [TLSContextHandle], names: [[String]], applicationProtocols: [String]) {
        precondition(contexts.count == names.count, "each context needs its names")
        precondition(
            applicationProtocols.allSatisfy { 1...255 ~= $0.utf8.count },
            "the name of an application protocol has 1 to 255 bytes"
        )
        self.contexts = contexts
        self.applicationProtocols = applicationProtocols.map { Array($0.utf8) }
        var indexByName: [String: Int] = [:]
        for (index, list) in names.enumerated() {
            for name in list where indexByName[name] == nil { indexByName[name] = index }
        }
        self.indexByName = indexByName
    }

    /// The context for `serverName`: an exact name first, then a wildcard for its first label
    /// (RFC 6125 section 6.4.3); `nil` when no certificate is for that name.
    func context(for serverName: String) -> TLSContextHandle? {
        let name = serverName.lowercased()
        if let index = indexByName[name] { return contexts[index] }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return indexByName["*" + name[dot...]].map { contexts[$0] }
    }

    /// Range in `offered`, the client's list of length-prefixed names, of the protocol this server prefers;
    /// `nil` when there is none in common or the list is damaged.
    func applicationProtocol(in offered: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        for wanted in applicationProtocols {
            var index = 0
            while index < offered.count {
                let start = index + 1
                let end = unsafe start + Int(offered[index])
                guard end <= offered.count else { return nil }
                if unsafe offered[start..<end].elementsEqual(wanted) { return start..<end }
                index = end
            }
        }
        return nil
    }
}
