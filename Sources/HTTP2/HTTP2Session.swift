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
    /// ``terminate(_:into:)``.
    public internal(set) var violation: HTTP2Violation?
    /// What has happened since the events were last taken.
    public internal(set) var events: [HTTP2Event] = []
    /// Streams that were refused because too many were open, since the count was last taken.
    var refusedStreams = 0
    /// Streams that were reset because of a mistake, since the count was last taken.
    var errorResets = 0

    /// Whether the client has said anything valid at all.
    public internal(set) var hasReceivedSettings = false

    let session: OpaquePointer
    private let frameBuffer: UnsafeMutableRawPointer?
    let scratch: HTTP2Scratch
    var streams: [HTTP2Stream?] = []
    var freeStreams: [HTTP2Stream] = []
    var budget: FrameBudget
    private var scanner = FrameScanner()
    /// The stream whose header block is being received.
    var headStream: HTTP2Stream?
    var dueData: (stream: HTTP2Stream, isWritten: Bool?)?
    var dataHeader: (UInt64, UInt8) = (0, 0)
    var hasFailed = false
    var isShutdownAnnounced = false
    var isShutdownProbed = false

    /// Begins a session and prepares its SETTINGS.
    /// - Parameters:
    ///   - settings: what is announced and allowed.
    ///   - scratch: the thread's shared memory.
    ///   - now: monotonic milliseconds.
    public init(_ settings: HTTP2Settings, scratch: HTTP2Scratch, now: Int64) {
        self.settings = settings
        self.scratch = scratch
        budget = FrameBudget(settings, now: now)
        unsafe session = unsafe HTTP2Callbacks.makeSession(settings, scratch.frames)
        unsafe frameBuffer = unsafe scratch.frames.newest
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
        scanner.scan(bytes) { budget.note(received: $0) }
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

    /// Forgets the received part of a body and opens the connection's window for it.
    func releaseReceived(_ stream: HTTP2Stream) {
        guard let received = stream.received else { return }
        if !hasFailed { unsafe _ = nghttp2_session_consume_connection(session, received.count) }
        scratch.buffers.give(received)
        stream.received = nil
    }

    /// Hands back memory that is not needed until there is something to send again.
    ///
    /// Only while nothing waits to be sent.
    public func releaseIdleMemory() {
        guard !wantsToSend, dueData == nil, let frameBuffer = unsafe frameBuffer else { return }
        unsafe scratch.frames.discardContent(of: frameBuffer)
    }

    // MARK: Ending

    /// Announces that the connection will end: requests that are on their way are still answered, a PING finds out
    /// when the client knows (RFC 9113 section 6.8).
    public func beginShutdown() {
        guard !hasFailed, !isShutdownAnnounced else { return }
        isShutdownAnnounced = true
        unsafe check(nghttp2_submit_shutdown_notice(session))
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

    func check(_ result: Int32) {
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
}
