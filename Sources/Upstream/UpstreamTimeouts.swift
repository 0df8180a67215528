/// How long the parts of an exchange with another server may take, in milliseconds.
public struct UpstreamTimeouts: Sendable {
    /// For looking the host name up, connecting, and a proxy's consent.
    public var connectMilliseconds: Int64 = 10_000
    /// For the TLS handshake.
    public var tlsMilliseconds: Int64 = 10_000
    /// From the end of the request to the end of the answer's head.
    public var headMilliseconds: Int64 = 30_000
    /// Without a byte of the body coming or of the request going.
    public var stallMilliseconds: Int64 = 20_000

    /// Times that suit servers on the Internet.
    public init() {}
}
