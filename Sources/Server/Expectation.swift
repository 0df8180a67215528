import Bytes
import HTTP

/// What a client expects before it sends a body (RFC 9110 section 10.1.1).
enum Expectation {
    /// Whether the client waits for `100 Continue`.
    /// - Throws: `HTTPError` 417 for any other expectation.
    static func awaitsContinue(_ request: RequestHead) throws(HTTPError) -> Bool {
        guard let expect = request.value(.expect) else { return false }
        guard expect.equalsIgnoringCase("100-continue") else {
            throw HTTPError(.expectationFailed, "the only expectation understood is 100-continue")
        }
        return request.version != .http10
    }
}
