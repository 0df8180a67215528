import Bytes
public import Reactor

/// The proxies whose word about where a request came from is believed.
public struct TrustedProxies: Sendable {
    private let networks: [IPNetwork]

    /// Believes the proxies with these addresses; none by default.
    public init(_ networks: [IPNetwork] = []) { self.networks = networks }

    /// Where a request came from.
    ///
    /// Each proxy appends the address that it was asked from to `X-Forwarded-For`, so the list is read from its end: the
    /// first address that is not one of ours is the client's. What stands before it may be invented.
    /// - Parameters:
    ///   - peer: the address at the other end of the connection.
    ///   - forwardedFor: the value of `X-Forwarded-For`, when there is one.
    /// - Returns: a numeric address.
    public func client(peer: String, forwardedFor: String?) -> String {
        var client = peer
        guard let forwardedFor else { return client }
        for entry in forwardedFor.split(separator: ",").reversed() {
            guard networks.contains(where: { $0.contains(client) }) else { return client }
            let address = String(Array(entry.utf8).span.trimmed().text())
            guard IPNetwork(address) != nil, !address.contains("/") else { return client }
            client = address
        }
        return client
    }
}
