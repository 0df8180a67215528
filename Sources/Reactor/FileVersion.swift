public import Glibc

/// What identifies one version of a file's content: any change of it changes one of these.
public struct FileVersion: Sendable, Hashable {
    /// Device number of the file system.
    public let device: UInt64
    /// Inode number.
    public let inode: UInt64
    /// Bytes.
    public let size: UInt64
    /// Time of the last change of the content, nanoseconds of Unix time.
    public let modified: Int64
    /// Time of the last change of content or metadata, nanoseconds of Unix time.
    public let changed: Int64

    /// Time of the last change of the content, whole seconds of Unix time.
    public var modifiedSeconds: Int64 { modified / 1_000_000_000 }

    /// The version that `status` tells, as `stat` or `fstat` filled it in.
    public init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = UInt64(max(0, status.st_size))
        // A file can carry any time; only whether it is the same matters, so an absurd one wraps.
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }

    /// The version of an open file now, or `nil` when the file system cannot tell.
    public static func of(descriptor: Int32) -> FileVersion? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? FileVersion(status) : nil
    }
}
