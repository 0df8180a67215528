import Bytes
import HTTP
import Reactor

/// The fields that answers about files share.
enum FileFields {
    /// A strong entity tag (RFC 9110 section 8.8.3) of size, time of change in nanoseconds and inode: every
    /// change of the content changes it.
    ///
    /// The gzip coding has its own.
    static func entityTag(_ version: FileVersion, isGzip: Bool) -> [UInt8] {
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

    /// Adds the fields that a 304 repeats: validators, caching and the cross-origin ones.
    ///
    /// `no-cache` lets browsers keep the file and asks them to revalidate it, which costs a 304: a dataset may be
    /// exported anew under the same URL at any time.
    static func addValidators(
        to list: ResponseFields,
        _ entityTag: [UInt8],
        _ version: FileVersion,
        varies: Bool
    ) {
        list.add("ETag", entityTag.span)
        list.add("Last-Modified", HTTPDate.bytes(version.modifiedSeconds).span)
        list.add("Cache-Control", "no-cache")
        list.add("Vary", varies ? "Accept-Encoding, Origin" : "Origin")
        CrossOrigin.addFixedFields(to: list)
    }
}
