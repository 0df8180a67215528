import Bytes
import CNghttp2

/// The functions that nghttp2 calls while it reads and writes frames: each notes down what happened in its
/// session, and returns.
///
/// The session that a call is about is alive, because only its own methods call nghttp2.
enum HTTP2Callbacks {
    /// Makes nghttp2's part of a server's session.
    static func makeSession(_ settings: HTTP2Settings, _ memory: FrameMemory) -> OpaquePointer {
        var options: OpaquePointer?
        guard unsafe nghttp2_option_new(&options) == 0 else { fatalError("out of memory") }
        defer { unsafe nghttp2_option_del(options) }
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_builtin_recv_extension_type(
            options,
            UInt8(NGHTTP2_PRIORITY_UPDATE.rawValue)
        )
        unsafe nghttp2_option_set_max_continuations(options, settings.maxContinuations)
        // The session's own budget, which counts provoked resets too, comes first.
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1_000_000_000, 1_000_000_000)
        var session: OpaquePointer?
        var allocator = unsafe memory.allocator
        let result = unsafe nghttp2_session_server_new3(&session, callbacks, nil, options, &allocator)
        guard result == 0, let session = unsafe session else { fatalError("out of memory") }
        return unsafe session
    }

    /// Where the body of the stream at `place` comes from.
    static func dataProvider(place: Int) -> nghttp2_data_provider {
        var provider = unsafe nghttp2_data_provider()
        unsafe provider.source.fd = Int32(place)
        unsafe provider.read_callback = { _, _, _, limit, flags, source, context in
            guard let source = unsafe source, let flags = unsafe flags, let context = unsafe context else {
                return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
            }
            let place = unsafe Int(source.pointee.fd)
            guard let chunk = unsafe sessionNoting(context).bodyChunk(at: place, atMost: limit) else {
                return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
            }
            unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
            if chunk.isLast { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            return chunk.count
        }
        return unsafe provider
    }

    /// The table of functions; it is the same for all sessions, and nghttp2 copies it.
    nonisolated(unsafe) private static let callbacks: OpaquePointer = {
        var table: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&table) == 0, let table = unsafe table else {
            fatalError("out of memory")
        }
        unsafe setReceiving(table)
        unsafe setSending(table)
        return unsafe table
    }()

    private static func setReceiving(_ table: OpaquePointer) {
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(table) { _, frame, context in
            guard let frame = unsafe frame, let context = unsafe context else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            if unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
                unsafe sessionNoting(context).noteRequestBegin(frame.pointee.hd.stream_id)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(table) {
            _,
            frame,
            name,
            nameCount,
            value,
            valueCount,
            _,
            context in
            guard let frame = unsafe frame, let name = unsafe name, let value = unsafe value,
                let context = unsafe context
            else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
            guard unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return 0 }
            let isTaken = unsafe sessionNoting(context).noteField(
                Span(_unsafeStart: name, count: nameCount),
                Span(_unsafeStart: value, count: valueCount)
            )
            return isTaken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        // A malformed field makes the request malformed (RFC 9113 section 8.1.1); nghttp2 alone would drop the field.
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(table) { _, _, _, _, _, _, _, _ in
            NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(table) { _, frame, context in
            guard let frame = unsafe frame, let context = unsafe context else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            unsafe sessionNoting(context).noteFrame(FrameInfo(frame.pointee.hd))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table) {
            _,
            _,
            id,
            bytes,
            count,
            context in
            guard let bytes = unsafe bytes, let context = unsafe context else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            unsafe sessionNoting(context).noteData(id, Span(_unsafeStart: bytes, count: count))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(table) { _, id, code, context in
            guard let context = unsafe context else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
            unsafe sessionNoting(context).noteClosed(id, code)
            return 0
        }
    }

    private static func setSending(_ table: OpaquePointer) {
        unsafe nghttp2_session_callbacks_set_send_data_callback(table) {
            _,
            _,
            header,
            length,
            source,
            context in
            guard let header = unsafe header, let source = unsafe source, let context = unsafe context else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            let place = unsafe Int(source.pointee.fd)
            switch unsafe sessionNoting(context).noteDueData(header, length, at: place) {
            case nil: return NGHTTP2_ERR_WOULDBLOCK.rawValue
            case true?: return 0
            case false?: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
            }
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(table) { _, frame, context in
            guard let frame = unsafe frame, let context = unsafe context else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            let info = unsafe FrameInfo(frame.pointee.hd)
            let isReset = info.type == NGHTTP2_RST_STREAM.rawValue
            unsafe sessionNoting(context).noteSentFrame(
                info,
                resetCode: isReset ? frame.pointee.rst_stream.error_code : nil
            )
            return 0
        }
    }
}

/// The session that a callback is about.
private func sessionNoting(_ context: UnsafeMutableRawPointer) -> HTTP2Session {
    unsafe Unmanaged<HTTP2Session>.fromOpaque(context).takeUnretainedValue()
}
