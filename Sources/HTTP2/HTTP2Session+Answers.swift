import Bytes
import CNghttp2
public import HTTP

/// Answering requests: heads, the announcement of bodies, and resets.
extension HTTP2Session {
    /// Sends the head of an answer.
    /// - Parameters:
    ///   - stream: the request's stream; nothing happens when it has ended.
    ///   - status: the status.
    ///   - date: the line of the Date field.
    ///   - fields: the other fields.
    ///   - length: the length of the content, for the content-length field.
    ///   - hasBody: whether a body follows; its bytes are announced by ``bodyAvailable(_:bytes:isLast:)``.
    public func respond(
        to stream: HTTP2Stream,
        status: Status,
        date: [UInt8],
        fields: ResponseFields,
        length: UInt64?,
        hasBody: Bool
    ) {
        guard !stream.isClosed else { return }
        unsafe check(
            scratch.fields.with(
                status: status.code,
                date: date.span,
                block: fields.block,
                length: length
            ) { pairs, count in
                guard hasBody else {
                    return unsafe nghttp2_submit_response(session, stream.id, pairs, count, nil)
                }
                var provider = unsafe HTTP2Callbacks.dataProvider(place: stream.place)
                return unsafe nghttp2_submit_response(session, stream.id, pairs, count, &provider)
            }
        )
    }

    /// Sends an interim `100 Continue`.
    public func sendContinue(on stream: HTTP2Stream) {
        guard !stream.isClosed else { return }
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let nothing: [UInt8] = []
        unsafe check(
            scratch.fields.with(status: 100, date: nothing.span, block: nothing.span, length: nil) {
                unsafe nghttp2_submit_headers(session, none, stream.id, nil, $0, $1, nil)
            }
        )
    }

    /// Announces bytes of an answer's body.
    /// - Parameters:
    ///   - stream: the request's stream.
    ///   - bytes: how many more can be sent now.
    ///   - isLast: whether the body ends with them.
    public func bodyAvailable(_ stream: HTTP2Stream, bytes: UInt64, isLast: Bool) {
        stream.availableBytes += bytes
        stream.isBodyComplete = isLast
        guard stream.isDeferred, !stream.isClosed else { return }
        stream.isDeferred = false
        unsafe _ = nghttp2_session_resume_data(session, stream.id)
    }

    /// Lets a stream's body share the line with others that are as urgent, instead of being sent to its end first.
    public func share(_ stream: HTTP2Stream, urgency: UInt8) {
        guard !stream.isClosed else { return }
        var priority = nghttp2_extpri(urgency: UInt32(urgency), inc: 1)
        unsafe _ = nghttp2_session_change_extpri_stream_priority(session, stream.id, &priority, 0)
    }

    /// Ends a stream at once.
    public func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard !stream.isClosed else { return }
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        unsafe check(nghttp2_submit_rst_stream(session, none, stream.id, code.rawValue))
    }

    /// Whether the client lets no byte of this stream's body be sent, whatever the connection's state.
    public func isBlocked(_ stream: HTTP2Stream) -> Bool {
        guard !stream.isClosed else { return false }
        return unsafe nghttp2_session_get_stream_remote_window_size(session, stream.id) <= 0
    }
}
