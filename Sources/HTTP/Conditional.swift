import Bytes

/// Conditional requests (RFC 9110 section 13).
public enum Conditional {
    /// What a condition says about a GET or HEAD.
    public enum Outcome: Sendable, Equatable {
        /// Answer as if there were no condition.
        case proceed
        /// The client has it already: 304.
        case notModified
        /// It is not what the client thinks it is: 412.
        case preconditionFailed
    }

    /// Evaluates the conditions in their order (RFC 9110 section 13.2.2).
    /// - Parameters:
    ///   - ifMatch: value of `If-Match`, several lines joined by commas; likewise the following three.
    ///   - ifUnmodifiedSince: value of `If-Unmodified-Since`; not a date, it counts as not there.
    ///   - ifNoneMatch: value of `If-None-Match`.
    ///   - ifModifiedSince: value of `If-Modified-Since`; not a date, it counts as not there.
    ///   - tag: the entity tag of what would be sent.
    ///   - lastModified: its time of change, Unix seconds.
    ///   - now: Unix seconds.
    /// - Returns: what to answer with.
    public static func evaluate(
        ifMatch: Span<UInt8>?,
        ifUnmodifiedSince: Span<UInt8>?,
        ifNoneMatch: Span<UInt8>?,
        ifModifiedSince: Span<UInt8>?,
        tag: Span<UInt8>,
        lastModified: Int64,
        now: Int64
    ) -> Outcome {
        if let ifMatch {
            if !EntityTag.list(ifMatch, contains: tag, .strong) { return .preconditionFailed }
        } else if let ifUnmodifiedSince, let date = HTTPDate.parse(ifUnmodifiedSince, now: now) {
            if lastModified > date { return .preconditionFailed }
        }
        if let ifNoneMatch {
            if EntityTag.list(ifNoneMatch, contains: tag, .weak) { return .notModified }
        } else if let ifModifiedSince, let date = HTTPDate.parse(ifModifiedSince, now: now) {
            if lastModified <= date { return .notModified }
        }
        return .proceed
    }

    /// Whether the `If-Range` condition holds, so that the `Range` field counts (RFC 9110 section 13.1.5): the
    /// same strong tag, or exactly the same date.
    public static func ifRangeHolds(
        _ value: Span<UInt8>,
        tag: Span<UInt8>,
        lastModified: Int64,
        now: Int64
    ) -> Bool {
        if EntityTag.isTag(value) { return EntityTag.areEqual(value, tag, .strong) }
        return HTTPDate.parse(value, now: now) == lastModified
    }
}
