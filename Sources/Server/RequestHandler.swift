/// What answers requests: one object for each event loop, used on that loop only.
public protocol RequestHandler: AnyObject {
    /// Answers a request whose answer is at hand by setting `exchange.response`.
    /// - Returns: `false` when ``respond(to:)`` is to answer it; nothing has been answered then.
    func respondAtOnce(to exchange: Exchange) -> Bool

    /// Answers a request that was not answered at once by setting `exchange.response`.
    ///
    /// What it leaves of the request's body is read away by the connection.
    func respond(to exchange: Exchange) async

    /// Ends the answers that would not end by themselves: the server is stopping.
    func drain()
}

extension RequestHandler {
    /// Does nothing: all answers end by themselves.
    public func drain() {}
}
