/// What answers requests: one object for each event loop, used on that loop only.
public protocol RequestHandler: AnyObject {
    /// Answers a request by setting `exchange.response`.
    ///
    /// It should return without waiting when the answer is at hand. What it leaves of the request's body is read
    /// away by the connection.
    func respond(to exchange: Exchange) async
}
