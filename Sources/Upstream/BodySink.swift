public import Bytes
public import HTTP

/// Where the body of a fetched answer goes, piece by piece: only when a piece has been taken is the next one received.
public protocol BodySink: AnyObject {
    /// Begins a body; forgets what an earlier attempt brought.
    /// - Parameter head: the answer, with a status of 2xx.
    /// - Throws: anything; the fetch then fails with the cause `.notStored`.
    func begin(_ head: ResponseHead) async throws

    /// Takes the next bytes.
    /// - Parameter piece: all of it is to be taken; it is emptied afterwards.
    /// - Throws: anything; the fetch then fails with the cause `.notStored`.
    func take(_ piece: ByteBuffer) async throws
}
