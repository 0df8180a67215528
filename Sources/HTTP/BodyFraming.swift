import Bytes

/// How long a request's body is (RFC 9112 section 6).
///
/// The rules against request smuggling live here and only here: whatever could be read in two ways is refused.
public enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// The body has that many bytes; at least 1.
    case length(UInt64)
    /// The body comes in chunks (RFC 9112 section 7.1).
    case chunked

    /// Decides from the fields of a request.
    /// - Throws: `HTTPError` 400 when length and transfer coding contradict each other or are malformed, 501 for
    ///   a transfer coding other than chunked.
    public init(_ head: RequestHead) throws(HTTPError) {
        let codings = head.count(of: .transferEncoding)
        let lengths = head.count(of: .contentLength)
        if codings > 0 {
            guard lengths == 0 else {
                throw .malformed("Transfer-Encoding and Content-Length are both there")
            }
            guard head.version == .http11 else {
                throw .malformed("HTTP/1.0 has no Transfer-Encoding")
            }
            guard codings == 1, let coding = head.value(.transferEncoding) else {
                throw .malformed("there is more than one Transfer-Encoding field")
            }
            guard coding.equalsIgnoringCase("chunked") else {
                throw HTTPError(.notImplemented, "the only transfer coding understood is chunked")
            }
            self = .chunked
        } else if let value = head.value(.contentLength) {
            guard lengths == 1 else { throw .malformed("there is more than one Content-Length field") }
            guard let length = Self.decimal(value) else {
                throw .malformed("the Content-Length is not a number")
            }
            self = length == 0 ? .none : .length(length)
        } else {
            self = .none
        }
    }

    /// A number of digits only, below 2^63.
    public static func decimal(_ digits: Span<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: UInt64 = 0
        for index in 0..<digits.count {
            guard ASCII.isDigit(digits[index]) else { return nil }
            value = value * 10 + UInt64(digits[index] - 0x30)
        }
        return value
    }
}
