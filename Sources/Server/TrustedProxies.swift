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
        guard let forwardedFor else { return peer }
        return walk(from: peer, forwardedFor).client
    }

    /// Where a request came from that trusted proxies have passed on.
    /// - Parameters:
    ///   - peer: the address at the other end of the connection.
    ///   - forwardedFor: the value of `X-Forwarded-For`.
    /// - Returns: a numeric address; `nil` when the peer is no trusted proxy, or one of them does not say where it was
    ///   asked from.
    public func clientBehindProxies(peer: String, forwardedFor: String) -> String? {
        guard isTrusted(peer) else { return nil }
        let (client, isCertain) = walk(from: peer, forwardedFor)
        return isCertain ? client : nil
    }

    /// Whether a proxy with this numeric address is believed.
    func isTrusted(_ address: String) -> Bool { networks.contains { $0.contains(address) } }

    private func walk(from peer: String, _ forwardedFor: String) -> (client: String, isCertain: Bool) {
        var client = peer
        for entry in forwardedFor.split(separator: ",", omittingEmptySubsequences: false).reversed() {
            guard isTrusted(client) else { return (client, true) }
            let address = String(Array(entry.utf8).span.trimmed().text())
            guard IPNetwork(address) != nil, !address.contains("/") else { return (client, false) }
            client = address
        }
        return (client, true)
    }
}
