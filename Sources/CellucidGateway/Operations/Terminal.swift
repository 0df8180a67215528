import Glibc

/// Text for the person at the terminal.
enum Terminal {
    /// One of the two streams a program writes to.
    enum Stream: Int32 {
        case output = 1
        case error = 2
    }

    /// Writes `text` as it is.
    static func write(_ text: String, to stream: Stream) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    stream.rawValue,
                    buffer.baseAddress.map { unsafe $0 + written },
                    bytes.count - written
                )
            }
            if count < 0 && errno != EINTR { return }
            written += max(0, count)
        }
    }
}
