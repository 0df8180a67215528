/// No address took a connection: which were tried, and why each did not.
public struct ConnectError: Error, Equatable, CustomStringConvertible {
    /// An address and what happened there.
    public struct Attempt: Sendable, Equatable {
        /// The address.
        public let address: SocketAddress
        /// What the system said; `ETIMEDOUT` also when the deadline came first.
        public let error: SystemError
    }

    /// The addresses tried, in the order in which they failed.
    public let attempts: [Attempt]

    /// The reason of each address, for example "127.0.0.1:81: Connection refused".
    public var description: String {
        attempts.map { "\($0.address): \($0.error.reason)" }.joined(separator: "; ")
    }
}
