public import Bytes

/// A body that is made while it is sent, pulled piece by piece: only when the last piece has gone is the next
/// one asked for, so a slow client slows the source down.
public protocol BodySource: AnyObject {
    /// Appends the next bytes to `buffer`.
    /// - Returns: `false` when the body has ended; nothing was appended then.
    /// - Throws: anything; the connection is then closed abruptly, as the client must not take what it got for
    ///   the whole.
    func pull(into buffer: ByteBuffer) async throws -> Bool
}
