/// A request to another server that failed: what happened, where, and whether trying again may help.
public struct UpstreamError: Error, Equatable, CustomStringConvertible {
    /// A part of an exchange that has a time limit of its own.
    public enum Phase: String, Sendable {
        /// Waiting for the address of a host name.
        case lookUp = "finding its address"
        /// Waiting for a connection of the pool.
        case turn = "waiting for a free connection"
        /// Connecting, to a proxy too.
        case connect = "connecting"
        /// The TLS handshake.
        case tls = "the TLS handshake"
        /// Sending the request.
        case request = "sending the request"
        /// Waiting for the head of the answer.
        case head = "waiting for the answer"
        /// Receiving the body: nothing came for too long.
        case body = "receiving the answer"
        /// All together.
        case total = "the whole transfer"
    }

    /// What happened.
    public enum Cause: Sendable, Equatable {
        /// The URL cannot be used; the text says why.
        case invalidURL(String)
        /// The host name cannot be looked up.
        case unknownHost(reason: String, isTemporary: Bool)
        /// No address took the connection; the text has the reason of each.
        case notConnected(String)
        /// It took too long.
        case timedOut(Phase)
        /// The server's certificate is not trusted, has expired, or is for another host.
        case certificate(String)
        /// TLS was not spoken as it should be.
        case tls(String)
        /// The server answered TLS with plain HTTP.
        case plainHTTP
        /// The proxy refused to connect to the server, or cannot be used; the text says why.
        case proxy(String)
        /// The connection ended or broke before the answer began.
        case connectionLost
        /// The connection ended or broke within the answer; that many bytes of its body had come.
        case truncated(received: UInt64)
        /// What came is not HTTP as it should be.
        case malformedAnswer(String)
        /// The body has more bytes than allowed.
        case tooLarge(limit: UInt64)
        /// The server redirects to another origin, which is not followed.
        case redirectedElsewhere(to: String)
        /// The server redirects again and again.
        case tooManyRedirects
        /// What was received could not be put where it belongs.
        case notStored(String)
        /// The task was cancelled, or the connection pool closed.
        case cancelled
    }

    /// What happened.
    public let cause: Cause
    /// The URL or origin it happened at.
    public let place: String

    /// Makes an error.
    public init(_ cause: Cause, at place: String) {
        self.cause = cause
        self.place = place
    }

    /// Whether the same idempotent request may succeed a little later.
    public var mayRetry: Bool {
        switch cause {
        case .unknownHost(_, let isTemporary): isTemporary
        case .notConnected, .timedOut, .tls, .connectionLost, .truncated: true
        case .invalidURL, .certificate, .plainHTTP, .proxy, .malformedAnswer, .tooLarge, .redirectedElsewhere,
            .tooManyRedirects, .notStored, .cancelled:
            false
        }
    }

    /// One line with the URL, what happened and, where there is something, what to do about it.
    public var description: String { "\(place): \(reason)" }

    /// What happened, without the place.
    public var reason: String {
        switch cause {
        case .invalidURL(let reason): "not a usable URL: \(reason)"
        case .unknownHost(let reason, _): "the host name cannot be looked up: \(reason)"
        case .notConnected(let reasons): "cannot connect: \(reasons)"
        case .timedOut(let phase): "timed out: \(phase.rawValue) took too long"
        case .certificate(let reason): "certificate verify failed: \(reason)\(Self.advice(reason))"
        case .tls(let reason): reason
        case .plainHTTP: "the server speaks plain HTTP there; use http:// or another port"
        case .proxy(let reason): "proxy: \(reason)"
        case .connectionLost: "the connection ended before the answer began"
        case .truncated(let received):
            "the connection ended within the answer, after \(received) bytes of its body"
        case .malformedAnswer(let reason): "malformed answer: \(reason)"
        case .tooLarge(let limit): "the body has more than \(limit) bytes"
        case .redirectedElsewhere(let target): "redirected to another origin: \(target)"
        case .tooManyRedirects: "too many redirects"
        case .notStored(let reason): reason
        case .cancelled: "cancelled"
        }
    }

    /// Most often no list of trusted certificates is installed, or a proxy signs with a certificate of its own.
    private static func advice(_ reason: String) -> String {
        guard reason.contains("local issuer certificate") || reason.contains("self-signed") else { return "" }
        return " (are the system's trusted certificates installed? SSL_CERT_FILE names another list)"
    }
}
