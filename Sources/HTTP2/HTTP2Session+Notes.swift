import Bytes
import CNghttp2
import HTTP

/// What the callbacks note down.
extension HTTP2Session {
    func stream(_ id: Int32) -> HTTP2Stream? {
        let place = unsafe UInt(bitPattern: nghttp2_session_get_stream_user_data(session, id))
        return place == 0 ? nil : streams[Int(place) - 1]
    }

    func stream(at place: Int) -> HTTP2Stream? { streams[place] }

    func noteRequestBegin(_ id: Int32) {
        let stream = freeStreams.popLast() ?? newStream()
        stream.begin(id: id, head: scratch.heads.take())
        streams[stream.place] = stream
        unsafe _ = nghttp2_session_set_stream_user_data(
            session,
            id,
            UnsafeMutableRawPointer(bitPattern: stream.place + 1)
        )
        headStream = stream
    }

    func newStream() -> HTTP2Stream {
        streams.append(nil)
        return HTTP2Stream(place: streams.count - 1)
    }

    /// - Returns: `false` when the block is so large that the stream is to be reset.
    func noteField(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        // The fields of trailers are read and dropped.
        guard let stream = headStream, let head = stream.head else { return true }
        stream.headBytes += name.count + value.count + 32
        if stream.headBytes <= settings.maxHeaderBytes {
            head.add(name: name, value: value)
            return true
        }
        stream.isHeadTooLarge = true
        return stream.headBytes <= 2 * settings.maxHeaderBytes
    }

    func noteFrame(_ frame: FrameInfo) {
        switch frame.type {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = stream(frame.streamID) else { return }
            let isRequest = headStream === stream
            headStream = nil
            if frame.endsStream { stream.isRequestComplete = true }
            events.append(isRequest ? .request(stream) : .body(stream))
        case NGHTTP2_DATA.rawValue:
            guard frame.endsStream, let stream = stream(frame.streamID) else { return }
            stream.isRequestComplete = true
            events.append(.body(stream))
        case NGHTTP2_SETTINGS.rawValue: hasReceivedSettings = true
        case NGHTTP2_PING.rawValue:
            if frame.isAcknowledgement, isShutdownAnnounced { events.append(.shutdownAcknowledged) }
        default: break
        }
    }

    func noteData(_ id: Int32, _ bytes: Span<UInt8>) {
        guard let stream = stream(id) else {
            unsafe _ = nghttp2_session_consume_connection(session, bytes.count)
            return
        }
        if let left = stream.dropLeft {
            unsafe _ = nghttp2_session_consume(session, id, bytes.count)
            stream.dropLeft = left - bytes.count
            if left < bytes.count { reset(stream, .noError) }
            return
        }
        let received = stream.received ?? scratch.buffers.take()
        if received.isEmpty { events.append(.body(stream)) }
        received.append(bytes)
        stream.received = received
    }

    func noteSentFrame(_ frame: FrameInfo, resetCode: UInt32?) {
        if frame.type == NGHTTP2_DATA.rawValue { budget.noteSentData() }
        if frame.type == NGHTTP2_GOAWAY.rawValue, isShutdownAnnounced, !isShutdownProbed {
            // Only now: nghttp2 sends a PING before everything else, and its answer shall prove that the client has seen
            // the announcement.
            isShutdownProbed = true
            unsafe check(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
        }
        if let resetCode, resetCode != HTTP2ErrorCode.noError.rawValue {
            if resetCode == HTTP2ErrorCode.refusedStream.rawValue {
                refusedStreams += 1
            } else {
                errorResets += 1
            }
            budget.noteProvokedReset()
        }
        if frame.endsStream, let stream = stream(frame.streamID), !stream.isRequestComplete {
            // The answer is whole, and the rest of the request of no use (RFC 9113 section 8.1). A reset right behind the
            // answer makes clients drop both (curl before 8), so they may go on for a while.
            if stream.receivedCount > 0 {
                unsafe _ = nghttp2_session_consume_stream(session, stream.id, stream.receivedCount)
            }
            releaseReceived(stream)
            stream.dropLeft = HTTP2Settings.dropBytes
            events.append(.answeredEarly(stream))
        }
    }

    func noteClosed(_ id: Int32, _ code: UInt32) {
        guard let stream = stream(id) else { return }
        if headStream === stream { headStream = nil }
        stream.isClosed = true
        streams[stream.place] = nil
        events.append(.closed(stream, HTTP2ErrorCode(rawValue: code)))
    }

    /// Takes back a closed stream that nobody uses any more.
    public func recycle(_ stream: HTTP2Stream) {
        if let head = stream.head { scratch.heads.give(head) }
        stream.head = nil
        releaseReceived(stream)
        if freeStreams.count < settings.maxStreams { freeStreams.append(stream) }
    }
}
