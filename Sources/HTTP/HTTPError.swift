/// A request that cannot be answered as it was meant, and what the client is told.
///
/// The one place that turns what went wrong into a status (RFC 9110 section 15).
public struct HTTPError: Error, Equatable {
    /// The status code, 400 to 599.
    public let status: Status
    /// One sentence for the person behind the client.
    public let message: StaticString
    /// Whether the rest of what the client sent can no longer be told apart: the connection must end.
    public let breaksFraming: Bool

    /// Makes an error.
    public init(_ status: Status, _ message: StaticString, breaksFraming: Bool = true) {
        self.status = status
        self.message = message
        self.breaksFraming = breaksFraming
    }

    /// Whether both have the same status and the same words.
    public static func == (left: HTTPError, right: HTTPError) -> Bool {
        left.status == right.status && left.breaksFraming == right.breaksFraming
            && "\(left.message)" == "\(right.message)"
    }

    /// A 400 for a message whose framing is not certain (RFC 9112 section 2.2 and 11.2).
    static func malformed(_ message: StaticString) -> HTTPError { HTTPError(.badRequest, message) }
}
