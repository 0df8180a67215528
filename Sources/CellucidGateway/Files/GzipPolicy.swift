/// When a file is sent gzip-coded to a client that accepts it.
enum GzipPolicy {
    /// Smaller files fit into one or two packets either way.
    static let minimumBytes: UInt64 = 1024
    /// Up to this size the first client waits for the coding; for larger files it gets the plain bytes while the
    /// coding is made in the background.
    static let awaitedBytes: UInt64 = 512 * 1024
    /// Larger files are sent as they are: coding them takes longer than most networks need for them.
    static let maximumBytes: UInt64 = 1024 * 1024 * 1024
    /// zlib's level for files made while a client waits, and for larger ones.
    static let level: Int32 = 5

    /// Whether the coding saves enough to be worth decoding: at least a tenth.
    static func pays(plain: UInt64, coded: UInt64) -> Bool { coded <= plain / 10 * 9 }
}
