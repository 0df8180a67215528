import Bytes
import HTTP

/// How often an idempotent request is tried, and how long to wait in between.
public struct RetryPolicy: Sendable {
    /// Attempts in all; 1 for no second one.
    public var attempts = 3
    /// Milliseconds before the second attempt; twice as many before each further one.
    public var firstDelayMilliseconds: Int64 = 300
    /// Milliseconds that are never exceeded unless the server asks for it.
    public var longestDelayMilliseconds: Int64 = 5000
    /// Milliseconds that a server may ask to wait (Retry-After); a longer wish ends the attempts.
    public var longestRetryAfterMilliseconds: Int64 = 15_000

    /// Three attempts within a second or two.
    public init() {}

    /// Whether another attempt may bring another status (RFC 9110 section 15.6, RFC 6585 section 4).
    static func mayRetry(status: Int) -> Bool { [429, 500, 502, 503, 504].contains(status) }

    /// How long to wait before the next attempt.
    /// - Parameters:
    ///   - made: how many attempts have been made; at least 1.
    ///   - retryAfter: milliseconds that the server asks to wait.
    ///   - chance: between 0 and 1; spreads the attempts of many clients over half of the time.
    /// - Returns: milliseconds, or `nil` when there is to be no further attempt.
    func delay(after made: Int, retryAfter: Int64?, chance: Double) -> Int64? {
        guard made < attempts else { return nil }
        let doubled = firstDelayMilliseconds << Int64(min(made - 1, 16))
        let delay = min(doubled, longestDelayMilliseconds)
        let spread = delay / 2 + Int64(Double(delay / 2) * chance)
        guard let retryAfter else { return spread }
        return retryAfter <= longestRetryAfterMilliseconds ? max(retryAfter, spread) : nil
    }

    /// How long a Retry-After field asks to wait (RFC 9110 section 10.2.3).
    /// - Parameters:
    ///   - value: seconds or a date.
    ///   - now: Unix seconds.
    /// - Returns: milliseconds, or `nil` when the value cannot be read.
    static func retryAfter(_ value: Span<UInt8>, now: Int64) -> Int64? {
        if let seconds = Int64(value.text()), seconds >= 0 { return seconds.multipliedOrMaximum(by: 1000) }
        return HTTPDate.parse(value, now: now).map { max(0, $0 - now) * 1000 }
    }
}

extension Int64 {
    fileprivate func multipliedOrMaximum(by factor: Int64) -> Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}
