import Bytes
import HTTP
import Server

/// A whole answer of a backend, in memory.
struct BackendAnswer: Sendable {
    let status: Status
    /// The value of Content-Type; empty without one.
    let contentType: [UInt8]
    let body: [UInt8]
    /// Whether another gateway has made it.
    let isGateways: Bool

    init(_ head: ResponseHead, body: [UInt8]) {
        status = head.status
        contentType = Self.contentType(of: head)
        self.body = body
        isGateways = GatewayPseudonym.isNamed(by: head)
    }

    private static let json = Array("application/json".utf8)

    /// Shares what nearly all answers say.
    private static func contentType(of head: ResponseHead) -> [UInt8] {
        guard let value = head.value(.contentType) else { return [] }
        return value.equals("application/json") ? json : value.copied()
    }
}

/// Why a backend gave no answer, for people.
struct BackendFailure: Error {
    /// 502, 503 or 504 (RFC 9110 section 15.6); 508 for a request that goes round in circles.
    let status: Status
    /// A sentence without the name of the backend.
    let reason: String
    /// Whether nothing can have reached the backend, so that somebody else may be asked.
    var isUndelivered = false
    /// What is wrong with the request itself; the client is told that, and nothing of the backend.
    var refusal: HTTPError?
}

extension BackendFailure {
    /// What it means when a request's body cannot be read to its end.
    init(ofBody error: any Error) {
        switch error {
        case let error as Spool.Failure: self.init(status: .serviceUnavailable, reason: error.reason)
        case RequestBodyError.refused(let refusal):
            self.init(status: refusal.status, reason: "\(refusal.message)", refusal: refusal)
        default: self.init(status: .badRequest, reason: "the request's body is incomplete")
        }
    }
}
