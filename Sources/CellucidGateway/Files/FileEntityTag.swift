import Bytes
import Reactor

/// The entity tag of a file of a dataset.
enum FileEntityTag {
    /// A strong entity tag (RFC 9110 section 8.8.3) of size, time of change in nanoseconds and inode: every
    /// change of the content changes it.
    ///
    /// The gzip coding has its own.
    static func text(of version: FileVersion, isGzip: Bool) -> [UInt8] {
        let text = ByteBuffer(capacity: 64)
        text.append("\"")
        text.append(hexadecimal: version.size)
        text.append("-")
        text.append(hexadecimal: UInt64(bitPattern: version.modified))
        text.append("-")
        text.append(hexadecimal: version.inode)
        if isGzip { text.append("-gzip") }
        text.append("\"")
        return text.unread.copied()
    }
}
