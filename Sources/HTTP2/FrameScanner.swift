import Bytes

/// Finds the headers of a client's frames among the bytes received, cut anywhere (RFC 9113 section 4.1).
///
/// It only counts: nghttp2 reads the frames, but says nothing about those that it ignores.
struct FrameScanner {
    /// Type, flags and length of a frame's header.
    struct Header {
        var length = 0
        var type: UInt8 = 0
        var flags: UInt8 = 0
    }

    private static let headerBytes = 9

    /// Bytes to skip before the next header; at first those of the connection preface.
    private var skip = ConnectionPreface.length
    /// Bytes of the current header seen so far.
    private var seen = 0
    private var header = Header()

    /// Takes bytes as they arrive, and calls `body` with each header that is complete.
    mutating func scan(_ bytes: Span<UInt8>, _ body: (Header) -> Void) {
        var index = 0
        while index < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - index)
                skip -= step
                index += step
                continue
            }
            let byte = bytes[index]
            switch seen {
            case 0...2: header.length = header.length << 8 | Int(byte)
            case 3: header.type = byte
            case 4: header.flags = byte
            default: break
            }
            seen += 1
            index += 1
            if seen == Self.headerBytes {
                body(header)
                skip = header.length
                seen = 0
                header = Header()
            }
        }
    }
}
