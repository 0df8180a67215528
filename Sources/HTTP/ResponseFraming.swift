import Bytes

/// How a received answer's body is delimited (RFC 9112 section 6.3).
///
/// What could be read in two ways is refused, as for requests in ``BodyFraming``.
public enum ResponseFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// The body has that many bytes; at least 1.
    case length(UInt64)
    /// The body comes in chunks (RFC 9112 section 7.1).
    case chunked
    /// The body ends with the connection.
    case untilClose

    /// Decides from the fields of an answer.
    /// - Parameters:
    ///   - head: the answer.
    ///   - method: what it answers.
    /// - Throws: `ResponseError` when length and transfer coding contradict each other or are malformed.
    public init(_ head: ResponseHead, to method: Method) throws(ResponseError) {
        let code = head.status.code
        if code < 200 || code == 204 || code == 304 || method == .head
            || method == .connect && (200..<300).contains(code)
        {
            self = .none
            return
        }
        let codings = head.count(of: .transferEncoding)
        let lengths = head.count(of: .contentLength)
        if codings > 0 {
            guard lengths == 0 else {
                throw ResponseError("Transfer-Encoding and Content-Length are both there")
            }
            guard head.version == .http11 else { throw ResponseError("HTTP/1.0 has no Transfer-Encoding") }
            guard codings == 1, let coding = head.value(.transferEncoding),
                coding.equalsIgnoringCase("chunked")
            else { throw ResponseError("the only transfer coding understood is chunked") }
            self = .chunked
        } else if let value = head.value(.contentLength) {
            guard lengths == 1 else { throw ResponseError("there is more than one Content-Length field") }
            guard let length = BodyFraming.decimal(value) else {
                throw ResponseError("the Content-Length is not a number")
            }
            self = length == 0 ? .none : .length(length)
        } else {
            self = .untilClose
        }
    }
}
