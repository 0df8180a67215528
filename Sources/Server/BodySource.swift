public import Bytes
public import Transport

/// A body that is made while it is sent, pulled piece by piece: only when the last piece has gone is the next
/// one asked for, so a slow client slows the source down.
public protocol BodySource: AnyObject {
    /// Appends the next bytes to `buffer`.
    /// - Returns: `false` when the body has ended; nothing was appended then.
    /// - Throws: anything; the connection is then closed abruptly, as the client must not take what it got for
    ///   the whole.
    func pull(into buffer: ByteBuffer) async throws -> Bool

    /// Moves the next bytes into `pipe`, which is empty, without copying them through this process.
    /// - Returns: how many; 0 when the body has ended, `nil` when the next bytes must be pulled into a buffer.
    /// - Throws: as ``pull(into:)-(ByteBuffer)`` does.
    func pull(into pipe: SplicePipe) async throws -> Int?
}

extension BodySource {
    /// Nothing: all bytes are made in this process.
    public func pull(into pipe: SplicePipe) async throws -> Int? { nil }
}
