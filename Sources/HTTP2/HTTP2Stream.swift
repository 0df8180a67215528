import Bytes
import HTTP

/// One stream of a session: a request on its way in and its answer on the way out (RFC 9113 section 5).
public final class HTTP2Stream {
    /// The stream's number.
    public private(set) var id: Int32 = 0
    /// Where the stream is kept while it is open: a small number that the next stream gets after it.
    public let place: Int
    /// Whether the stream has ended, in whatever way.
    public internal(set) var isClosed = false
    /// Whether all of the request has been received.
    public internal(set) var isRequestComplete = false
    /// Whether the request's header list was larger than allowed; ``HTTP2Session/takeHead(of:)`` gives what fitted.
    public internal(set) var isHeadTooLarge = false
    /// Bytes of the answer's body that were sent.
    public internal(set) var sentBytes: UInt64 = 0

    /// The request's head until it is taken.
    var head: RequestHead?
    var headBytes = 0
    /// What was received of the request's body and not taken yet.
    var received: ByteBuffer?
    /// How many more bytes of the request's body are dropped; `nil` as long as they are wanted.
    var dropLeft: Int?
    /// Bytes of the answer's body that can be sent.
    var availableBytes: UInt64 = 0
    /// Whether no more will become available.
    var isBodyComplete = false
    /// Whether the session waits to be told that more has become available.
    var isDeferred = false

    init(place: Int) { self.place = place }

    /// Number of bytes of the request's body that are there to be taken.
    public var receivedCount: Int { received?.count ?? 0 }

    /// Whether bytes of the answer's body are there that have not been sent.
    public var hasUnsentBody: Bool { availableBytes > 0 }

    func begin(id: Int32, head: RequestHead) {
        self.id = id
        self.head = head
        isClosed = false
        isRequestComplete = false
        isHeadTooLarge = false
        sentBytes = 0
        headBytes = 0
        dropLeft = nil
        availableBytes = 0
        isBodyComplete = false
        isDeferred = false
    }
}
