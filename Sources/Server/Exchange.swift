public import HTTP

/// One request and its answer, whichever version of HTTP carries them.
///
/// Reused from request to request.
public final class Exchange {
    /// The request's head.
    public private(set) var request = RequestHead()
    /// The request's body.
    public let body = RequestBody()
    /// The answer.
    public let response = Response()
    /// What this exchange's event loop provides.
    public let worker: WorkerContext

    var parser: RequestParser
    /// When the first byte of the request was there, in monotonic microseconds; 0 when nobody asks.
    var startedMicroseconds: Int64 = 0

    /// Makes an exchange of `worker`'s loop.
    public init(worker: WorkerContext) {
        self.worker = worker
        parser = RequestParser(limits: worker.limits.requestHead)
    }

    /// Takes over a head that was read elsewhere, and gives its own for it.
    func exchangeHead(for head: RequestHead) -> RequestHead {
        defer { request = head }
        return request
    }

    func reset() {
        request.reset()
        response.reset()
        body.reset()
        parser.reset()
    }
}
