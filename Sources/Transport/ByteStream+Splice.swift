import Reactor

/// Moving bytes between plain streams without copying them through this process.
extension ByteStream {
    /// Moves what has arrived into `pipe`; only on a plain stream.
    /// - Parameters:
    ///   - pipe: must be empty: a full one would look like a stream without bytes.
    ///   - limit: the most bytes to take; at least 1.
    /// - Returns: what there was.
    /// - Throws: `StreamError` when the connection is of no more use.
    public func read(into pipe: SplicePipe, limit: Int) throws(StreamError) -> ReadResult {
        precondition(isPlain && pipe.count == 0)
        // A short count may mean a pipe full of small pieces, so only EAGAIN ends the readiness.
        return try received { pipe.fill(from: channel.descriptor, most: limit) }
    }

    /// Moves what is in `pipe` to the peer; only on a plain stream.
    /// - Parameters:
    ///   - pipe: must not be empty.
    ///   - moreFollows: a hint that something else is written right after.
    /// - Returns: how many bytes were taken, which may be none.
    /// - Throws: `StreamError` when the connection is of no more use.
    public func write(_ pipe: SplicePipe, moreFollows: Bool) throws(StreamError) -> Int {
        precondition(isPlain && pipe.count > 0)
        return try moved(of: 0) { pipe.drain(into: channel.descriptor, moreFollows: moreFollows) }
    }
}
