import Bytes
import HTTP
import Reactor
import Telemetry

/// Fetches resources of one origin by GET: redirects, time limits, and further attempts when one fails.
///
/// It runs on the loop of its pool. Cancelling the calling task ends the wait for an answer
/// at once, and other waits when they are over.
public struct Fetch {
    /// What is the same for all requests.
    public struct Settings: Sendable {
        /// The value of the User-Agent field.
        public var userAgent: String
        /// Milliseconds for a fetch with all its attempts and redirects.
        public var totalMilliseconds: Int64 = 120_000
        /// The most bytes of a body.
        public var bodyLimit: UInt64 = 64 * 1024 * 1024
        /// How many redirects are followed.
        public var maximumRedirects = 5
        /// How often a fetch is attempted.
        public var retry = RetryPolicy()

        /// Settings with the usual bounds.
        public init(userAgent: String) { self.userAgent = userAgent }
    }

    let pool: ConnectionPool
    let settings: Settings

    /// Fetches over the connections of `pool`.
    public init(pool: ConnectionPool, settings: Settings) {
        self.pool = pool
        self.settings = settings
    }

    /// Fetches a resource into memory.
    /// - Parameters:
    ///   - target: path and query, percent-encoded; begins with a slash.
    ///   - fields: request fields beside Host, User-Agent and Accept.
    /// - Returns: the last answer whatever its status, except a redirect; a body is not decoded, so only
    ///   an Accept-Encoding among `fields` makes it come in a coding.
    /// - Throws: `UpstreamError`.
    public func get(
        _ target: String,
        fields: [(name: String, value: String)] = []
    ) async throws(UpstreamError) -> FetchedResponse {
        let sink = MemorySink()
        let (head, url) = try await get(target, fields, sink)
        let isSuccess = (200..<300).contains(head.status.code)
        return FetchedResponse(head, url: url, body: isSuccess ? sink.bytes : [])
    }

    /// Fetches a resource into a sink, which gets the body of a 2xx answer only.
    /// - Parameters:
    ///   - target: path and query, percent-encoded; begins with a slash.
    ///   - fields: request fields beside Host, User-Agent and Accept.
    ///   - sink: what it got is whole only when no error is thrown.
    /// - Returns: the last answer whatever its status, except a redirect; without its body.
    /// - Throws: `UpstreamError`.
    public func get(
        _ target: String,
        fields: [(name: String, value: String)] = [],
        into sink: any BodySink
    ) async throws(UpstreamError) -> FetchedResponse {
        let (head, url) = try await get(target, fields, sink)
        return FetchedResponse(head, url: url, body: [])
    }

    // MARK: Attempts and redirects

    private func get(
        _ target: String,
        _ fields: [(name: String, value: String)],
        _ sink: any BodySink
    ) async throws(UpstreamError) -> (ResponseHead, URLText) {
        let loop = pool.context.loop
        let deadline = loop.now + settings.totalMilliseconds
        var url = try URLText(pool.origin, target: target)
        var redirects = 0
        var attempts = 0
        while true {
            let outcome = await attempt(url, fields, sink, until: deadline)
            attempts += 1
            if let delay = delay(before: outcome, attempts, deadline) {
                pool.context.log?.debug("\(url): trying again in \(delay) ms: \(Self.reason(outcome))")
                await loop.sleep(milliseconds: delay)
                continue
            }
            let head = try outcome.get()
            guard let location = Self.location(head) else { return (head, url) }
            redirects += 1
            attempts = 0
            guard redirects <= settings.maximumRedirects else {
                throw UpstreamError(.tooManyRedirects, at: url.description)
            }
            url = try redirected(url, location)
        }
    }

    /// Milliseconds before another attempt; `nil` when the outcome stands.
    private func delay(
        before outcome: Result<ResponseHead, UpstreamError>,
        _ attempts: Int,
        _ deadline: Int64
    ) -> Int64? {
        let loop = pool.context.loop
        var retryAfter: Int64?
        switch outcome {
        case .failure(let error): if !error.mayRetry { return nil }
        case .success(let head):
            guard RetryPolicy.mayRetry(status: Int(head.status.code)) else { return nil }
            if let value = head.value(.retryAfter) {
                retryAfter = RetryPolicy.retryAfter(value, now: loop.unixSeconds)
            }
        }
        let chance = Double.random(in: 0..<1)
        guard let delay = settings.retry.delay(after: attempts, retryAfter: retryAfter, chance: chance),
            loop.now + delay < deadline, !Task.isCancelled
        else { return nil }
        return delay
    }

    private static func reason(_ outcome: Result<ResponseHead, UpstreamError>) -> String {
        switch outcome {
        case .success(let head): "status \(head.status.code)"
        case .failure(let error): error.reason
        }
    }

    /// Where a redirect leads; `nil` when the answer is none (RFC 9110 section 15.4).
    private static func location(_ head: ResponseHead) -> String? {
        guard [301, 302, 303, 307, 308].contains(head.status.code) else { return nil }
        return head.value(.location)?.text()
    }

    private func redirected(_ url: URLText, _ location: String) throws(UpstreamError) -> URLText {
        do throws(UpstreamError) {
            let next = try url.resolving(location)
            guard next.origin == url.origin else {
                throw UpstreamError(.redirectedElsewhere(to: next.description), at: url.description)
            }
            return next
        } catch {
            if case .redirectedElsewhere = error.cause { throw error }
            throw UpstreamError(.malformedAnswer("Location: \(error.reason)"), at: url.description)
        }
    }
}
