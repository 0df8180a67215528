public import Transport

/// What takes an HTTP/1.1 connection over after the answer 101 (RFC 9110 section 7.8): a tunnel, for example.
///
/// A handler hands it over in ``Response/upgrade``. It then gets either ``run(_:received:)`` or ``abandon()``, once, on the
/// connection's loop.
public protocol ConnectionUpgrade: AnyObject {
    /// Uses the connection until it is of no more use; the server closes it then.
    ///
    /// None of the server's time limits holds meanwhile. A channel that is interrupted must end it at once.
    /// - Parameters:
    ///   - stream: the connection; the head of the answer has been sent.
    ///   - received: what the client sent behind its request, which is the first of the new protocol.
    /// - Returns: how many bytes were sent to the client, for the access log.
    func run(_ stream: ByteStream, received: [UInt8]) async -> UInt64

    /// The server is stopping: the connection is to end soon, and in order where the protocol has a way for that.
    ///
    /// Called once at most, and possibly before ``run(_:received:)``.
    func drain()

    /// The answer could not be sent, or something else was sent instead: gives up what was held for the connection.
    func abandon()
}
