/// Something that a client's frames have brought about.
public enum HTTP2Event {
    /// A request's head is complete.
    case request(HTTP2Stream)
    /// More of a request's body has arrived, or its end.
    case body(HTTP2Stream)
    /// The answer is complete, but the request is not; what comes of it is dropped.
    case answeredEarly(HTTP2Stream)
    /// A stream has ended; with an error code other than ``HTTP2ErrorCode/noError`` before its time.
    case closed(HTTP2Stream, HTTP2ErrorCode)
    /// The client has answered the PING of ``HTTP2Session/beginShutdown()``.
    case shutdownAcknowledged
}
