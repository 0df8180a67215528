public import Bytes
import CNghttp2
public import HTTP

/// The server's side of one HTTP/2 connection, without its socket: bytes in, bytes out (RFC 9113).
///
/// ``receive(_:now:)`` takes bytes and brings about events, ``send(into:upTo:)`` gives frames. nghttp2 does framing, HPACK,
/// flow control and scheduling (RFC 9218); its callbacks only note down what happened. Bodies of answers never pass
/// through here: the session says how much of which stream is due, and the owner puts the bytes there. It belongs
/// to one thread.
@safe
public final class HTTP2Session {
    /// What ``send(into:upTo:)`` came to.
    public enum SendStep {
        /// Nothing more can be sent for now, or the limit is reached.
        case done
        /// The header of a DATA frame is due: the owner calls ``appendDataHeader(to:)``, appends that many bytes of
        /// the stream's body, and tells by ``dataWritten(_:)``; then it calls `send` again.
        case data(HTTP2Stream, Int)
    }

    /// The settings.
    public let settings: HTTP2Settings
    /// The most recent thing that the client did and no connection survives; it has to be ended by
    /// ``terminate(_:)``.
    public private(set) var violation: HTTP2Violation?
    /// What has happened since the events were last taken.
    public private(set) var events: [HTTP2Event] = []
    /// Streams that are open.
    public private(set) var openStreams = 0
    /// Streams that were refused because too many were open, since the count was last taken.
    private var refusedStreams = 0
    /// Streams that were reset because of a mistake, since the count was last taken.
    private var errorResets = 0

    private let session: OpaquePointer
    let scratch: HTTP2Scratch
    private var streams: [HTTP2Stream?] = []
    private var freeStreams: [HTTP2Stream] = []
    var budget: FrameBudget
    /// The stream whose header block is being received.
    private var headStream: HTTP2Stream?
    private var dueData: (stream: HTTP2Stream, isWritten: Bool?)?
    private var dataHeader: (UInt64, UInt8) = (0, 0)
    private var hasFailed = false
    private var isShutdownAnnounced = false

    /// Begins a session and prepares its SETTINGS.
    /// - Parameters:
    ///   - settings: what is announced and allowed.
    ///   - scratch: the thread's shared memory.
    ///   - now: monotonic milliseconds.
    public init(_ settings: HTTP2Settings, scratch: HTTP2Scratch, now: Int64) {
        self.settings = settings
        self.scratch = scratch
        budget = FrameBudget(settings, now: now)
        unsafe session = unsafe HTTP2Callbacks.makeSession(settings)
        unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        submitSettings()
    }

    deinit { unsafe nghttp2_session_del(session) }

    private func submitSettings() {
        let entries = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: UInt32(settings.maxStreams)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(HTTP2Settings.streamWindowBytes)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(settings.maxHeaderBytes)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue),
                value: 1
            ),
        ]
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        unsafe entries.withUnsafeBufferPointer {
            check(unsafe nghttp2_submit_settings(session, none, $0.baseAddress, $0.count))
        }
        let window = Int32(HTTP2Settings.connectionWindowBytes)
        check(unsafe nghttp2_session_set_local_window_size(session, none, 0, window))
    }

    // MARK: Receiving

    /// Takes bytes from the client.
    /// - Parameters:
    ///   - bytes: what has arrived.
    ///   - now: monotonic milliseconds.
    public func receive(_ bytes: Span<UInt8>, now: Int64) {
        guard !hasFailed else { return }
        budget.advance(to: now)
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        if let overdone = budget.violation { violation = overdone }
        if result >= 0 { return }
        hasFailed = true
        switch Int32(result) {
        case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue: violation = .continuations
        case NGHTTP2_ERR_FLOODED.rawValue: violation = .controlFrames
        default: violation = .notHTTP2
        }
    }

    /// Takes the events that have come up.
    public func takeEvents() -> [HTTP2Event] {
        guard !events.isEmpty else { return [] }
        var taken: [HTTP2Event] = []
        swap(&taken, &events)
        return taken
    }

    /// Gives emptied memory back that ``takeEvents()`` gave.
    public func reuse(_ memory: consuming [HTTP2Event]) {
        guard events.isEmpty, events.capacity < memory.capacity else { return }
        memory.removeAll(keepingCapacity: true)
        events = memory
    }

    /// Takes the head of a request.
    /// - Returns: the head, which the caller gives back to the pool; not yet checked by `finishHTTP2`.
    public func takeHead(of stream: HTTP2Stream) -> RequestHead {
        defer { stream.head = nil }
        return stream.head ?? scratch.heads.take()
    }

    /// Moves what has arrived of a request's body to `buffer`, and lets the client send as much again.
    /// - Parameters:
    ///   - stream: the request's stream.
    ///   - buffer: gets the bytes.
    /// - Returns: how many bytes; 0 when none are there.
    public func takeBody(of stream: HTTP2Stream, into buffer: ByteBuffer) -> Int {
        guard let received = stream.received, !received.isEmpty else { return 0 }
        let count = received.count
        buffer.append(received.unread)
        releaseReceived(stream)
        if !stream.isClosed { unsafe _ = nghttp2_session_consume_stream(session, stream.id, count) }
        return count
    }

    /// Whether a header block has begun and its end has not come yet.
    public var isReceivingHead: Bool { headStream != nil }

    /// Whether the client has said anything valid at all.
    public private(set) var hasReceivedSettings = false

    /// Forgets the received part of a body and opens the connection's window for it.
    private func releaseReceived(_ stream: HTTP2Stream) {
        guard let received = stream.received else { return }
        if !hasFailed { unsafe _ = nghttp2_session_consume_connection(session, received.count) }
        scratch.buffers.give(received)
        stream.received = nil
    }

    // MARK: Answering

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

    // MARK: Sending

    /// Appends frames to `buffer` until nothing is left to send, `limit` bytes are there, or the body of a stream is
    /// due.
    public func send(into buffer: ByteBuffer, upTo limit: Int) -> SendStep {
        guard !hasFailed else { return .done }
        while buffer.count < limit {
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &bytes)
            if let due = dueData, due.isWritten == nil { return .data(due.stream, dataLength) }
            guard count > 0, let bytes = unsafe bytes else {
                if count < 0 { hasFailed = true }
                return .done
            }
            unsafe buffer.append(Span(_unsafeStart: bytes, count: count))
        }
        return .done
    }

    private var dataLength: Int { Int(UInt32(truncatingIfNeeded: dataHeader.0.bigEndian >> 40)) }

    /// Appends the header of the DATA frame that is due, 9 bytes.
    public func appendDataHeader(to buffer: ByteBuffer) {
        unsafe withUnsafeBytes(of: &dataHeader) {
            unsafe buffer.append(Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: $0[..<9])))
        }
    }

    /// Says whether the body's bytes that were due have been appended; if not, the stream is reset.
    public func dataWritten(_ isWritten: Bool) { dueData?.isWritten = isWritten }

    /// Whether frames are waiting to be sent that nothing but the caller holds up.
    public var wantsToSend: Bool { unsafe !hasFailed && nghttp2_session_want_write(session) != 0 }

    /// Whether both sides are done with the connection.
    public var isOver: Bool {
        unsafe hasFailed
            || nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    // MARK: Ending

    /// Announces that the connection will end: requests that are on their way are still answered, a PING finds out
    /// when the client knows (RFC 9113 section 6.8).
    public func beginShutdown() {
        guard !hasFailed, !isShutdownAnnounced else { return }
        isShutdownAnnounced = true
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        unsafe check(nghttp2_submit_shutdown_notice(session))
        unsafe check(nghttp2_submit_ping(session, none, nil))
    }

    /// Takes no more requests; those under way are still answered.
    public func finishShutdown() {
        guard !hasFailed else { return }
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        unsafe check(nghttp2_submit_goaway(session, none, last, HTTP2ErrorCode.noError.rawValue, nil, 0))
    }

    /// Ends the connection with a GOAWAY frame, which is appended to `buffer` together with what was to be sent.
    public func terminate(_ code: HTTP2ErrorCode, into buffer: ByteBuffer) {
        if unsafe !hasFailed && nghttp2_session_terminate_session(session, code.rawValue) == 0 { return }
        // After a fatal error nghttp2 sends nothing any more; the frame is little enough to be written by hand.
        let last = unsafe UInt32(bitPattern: nghttp2_session_get_last_proc_stream_id(session))
        let header: [UInt8] = [0, 0, 8, UInt8(NGHTTP2_GOAWAY.rawValue), 0, 0, 0, 0, 0]
        buffer.append(header)
        for word in [last, code.rawValue] {
            for shift in [24, 16, 8, 0] as [UInt32] { buffer.append(byte: UInt8(word >> shift & 0xff)) }
        }
    }

    private func check(_ result: Int32) {
        // What nghttp2 can refuse here, it refuses because the stream has ended meanwhile, or for want of memory.
        if result == NGHTTP2_ERR_NOMEM.rawValue { fatalError("out of memory") }
    }

    /// Gives up every open stream, as the connection has gone.
    /// - Returns: the streams.
    public func abandon() -> [HTTP2Stream] {
        hasFailed = true
        events = []
        let open = streams.compactMap { $0 }
        for stream in open { stream.isClosed = true }
        streams = streams.map { _ in nil }
        openStreams = 0
        return open
    }

    /// How many streams were refused because too many were open, since this was last asked.
    public func takeRefusedStreams() -> Int {
        defer { refusedStreams = 0 }
        return refusedStreams
    }

    /// How many streams were reset because of a mistake, the client's nearly always, since this was last asked.
    public func takeErrorResets() -> Int {
        defer { errorResets = 0 }
        return errorResets
    }

    // MARK: What the callbacks note

    func stream(_ id: Int32) -> HTTP2Stream? {
        let place = unsafe UInt(bitPattern: nghttp2_session_get_stream_user_data(session, id))
        return place == 0 ? nil : streams[Int(place) - 1]
    }

    func stream(at place: Int) -> HTTP2Stream? { streams[place] }

    func noteFrameBegin(_ frame: FrameInfo) {
        switch frame.type {
        case NGHTTP2_DATA.rawValue:
            budget.noteData(bytes: frame.length, isLast: frame.endsStream)
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_CONTINUATION.rawValue: break
        case NGHTTP2_RST_STREAM.rawValue: budget.noteReset()
        case NGHTTP2_WINDOW_UPDATE.rawValue, NGHTTP2_PRIORITY.rawValue, NGHTTP2_PRIORITY_UPDATE.rawValue:
            budget.noteFlowControl()
        case NGHTTP2_SETTINGS.rawValue:
            if hasReceivedSettings { budget.noteControl() }
        default: budget.noteControl()
        }
    }

    func noteRequestBegin(_ id: Int32) {
        budget.noteRequest()
        let stream = freeStreams.popLast() ?? newStream()
        stream.begin(id: id, head: scratch.heads.take())
        streams[stream.place] = stream
        openStreams += 1
        unsafe _ = nghttp2_session_set_stream_user_data(
            session,
            id,
            UnsafeMutableRawPointer(bitPattern: stream.place + 1)
        )
        headStream = stream
    }

    private func newStream() -> HTTP2Stream {
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
        let received = stream.received ?? scratch.buffers.take()
        if received.isEmpty { events.append(.body(stream)) }
        received.append(bytes)
        stream.received = received
    }

    func noteSentFrame(_ frame: FrameInfo, resetCode: UInt32?) {
        if frame.type == NGHTTP2_DATA.rawValue { budget.noteSentData() }
        if let resetCode, resetCode != HTTP2ErrorCode.noError.rawValue {
            if resetCode == HTTP2ErrorCode.refusedStream.rawValue {
                refusedStreams += 1
            } else {
                errorResets += 1
            }
            budget.noteReset()
        }
        if frame.endsStream, let stream = stream(frame.streamID), !stream.isRequestComplete {
            // The answer is whole: the client need not send the rest of its request (RFC 9113 section 8.1).
            reset(stream, .noError)
        }
    }

    func noteClosed(_ id: Int32, _ code: UInt32) {
        guard let stream = stream(id) else { return }
        if headStream === stream { headStream = nil }
        stream.isClosed = true
        streams[stream.place] = nil
        openStreams -= 1
        events.append(.closed(stream, HTTP2ErrorCode(rawValue: code)))
    }

    /// Takes back a closed stream that nobody uses any more.
    public func recycle(_ stream: HTTP2Stream) {
        if let head = stream.head { scratch.heads.give(head) }
        stream.head = nil
        releaseReceived(stream)
        if freeStreams.count < settings.maxStreams { freeStreams.append(stream) }
    }

    /// - Returns: how many bytes of the stream's body go into the next DATA frame, and whether it is the last one;
    ///   `nil` when none are there yet.
    func bodyChunk(at place: Int, atMost limit: Int) -> (count: Int, isLast: Bool)? {
        guard let stream = streams[place] else { return nil }
        let count = Int(min(UInt64(limit), stream.availableBytes))
        let isLast = stream.isBodyComplete && UInt64(count) == stream.availableBytes
        if count == 0 && !isLast {
            stream.isDeferred = true
            return nil
        }
        return (count, isLast)
    }

    /// Takes note that a DATA frame is to be sent now; the second call, after the owner has put the bytes there,
    /// gives its word on.
    /// - Returns: whether the bytes are there; `nil` when the owner has yet to be asked.
    func noteDueData(_ header: UnsafePointer<UInt8>, _ length: Int, at place: Int) -> Bool? {
        if let isWritten = dueData?.isWritten {
            if isWritten, let stream = dueData?.stream {
                stream.availableBytes -= UInt64(length)
                stream.sentBytes += UInt64(length)
            }
            dueData = nil
            return isWritten
        }
        guard let stream = streams[place] else { return false }
        unsafe withUnsafeMutableBytes(of: &dataHeader) {
            unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: header, count: 9))
        }
        dueData = (stream, nil)
        return nil
    }
}
