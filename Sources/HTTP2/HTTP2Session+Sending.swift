public import Bytes
import CNghttp2

/// Making frames of what is to be sent.
extension HTTP2Session {
    /// Appends frames to `buffer` until nothing is left to send, `limit` bytes are there, or the body of a stream is
    /// due.
    ///
    /// The last frames, two at most, may go beyond the limit.
    public func send(into buffer: ByteBuffer, upTo limit: Int) -> SendStep {
        guard !hasFailed else { return .done }
        // What has been written is told to nghttp2 even beyond the limit: were the stream closed before, nghttp2 would
        // forget the frame, which counts against the client's windows.
        while buffer.count < limit || dueData?.isWritten != nil {
            if let due = dueData, due.isWritten == nil { dueData = nil }
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &bytes)
            if let due = dueData, due.isWritten == nil {
                return buffer.count < limit ? .data(due.stream, dataLength) : .done
            }
            guard count > 0, let bytes = unsafe bytes else {
                if count < 0 { hasFailed = true }
                return .done
            }
            unsafe buffer.append(Span(_unsafeStart: bytes, count: count))
        }
        return .done
    }

    var dataLength: Int { Int(UInt32(truncatingIfNeeded: dataHeader.0.bigEndian >> 40)) }

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
