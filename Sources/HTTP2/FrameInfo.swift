import CNghttp2

/// What the header of a frame says (RFC 9113 section 4.1).
struct FrameInfo {
    /// The type, as nghttp2 numbers it.
    let type: UInt32
    /// The stream's number.
    let streamID: Int32
    private let flags: UInt8

    init(_ header: nghttp2_frame_hd) {
        type = UInt32(header.type)
        streamID = header.stream_id
        flags = header.flags
    }

    /// Whether the sender's side of the stream ends; only for DATA and HEADERS.
    var endsStream: Bool {
        (type == NGHTTP2_DATA.rawValue || type == NGHTTP2_HEADERS.rawValue)
            && flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    }

    /// Whether it is an acknowledgement; only for SETTINGS and PING.
    var isAcknowledgement: Bool { flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 }
}
