import Glibc
import Reactor

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
        version = FileVersion(status)
    }
}
