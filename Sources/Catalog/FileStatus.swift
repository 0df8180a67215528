import Glibc

/// The identity of a directory: device and inode.
public struct DirectoryID: Sendable, Hashable {
    /// `st_dev`.
    public let device: UInt64
    /// `st_ino`.
    public let inode: UInt64
}

/// The identity and version of one file's content, as far as its metadata tells.
public struct FileVersion: Sendable, Hashable {
    /// `st_dev`.
    public let device: UInt64
    /// `st_ino`.
    public let inode: UInt64
    /// `st_size`, in bytes.
    public let size: Int64
    /// Time of the last change of the content, in nanoseconds since 1970.
    public let modified: Int64
    /// Time of the last change of the inode, in nanoseconds since 1970.
    public let changed: Int64
}

/// What `stat` says about one name.
struct FileStatus {
    enum Kind { case regular, directory, symbolicLink, other }

    let kind: Kind
    let version: FileVersion

    var directoryID: DirectoryID { DirectoryID(device: version.device, inode: version.inode) }
    /// Whether this is a regular file with at least one byte.
    var isNonEmptyFile: Bool { kind == .regular && version.size > 0 }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        version = FileVersion(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            modified: Self.nanoseconds(status.st_mtim),
            changed: Self.nanoseconds(status.st_ctim)
        )
    }

    /// Wraps instead of trapping: a file can carry any time stamp, and only equality matters.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
