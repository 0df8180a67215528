import Reactor

extension FileStatus {
    /// Which directory it is.
    var directoryID: DirectoryID { DirectoryID(device: version.device, inode: version.inode) }
    /// Whether this is a regular file with at least one byte.
    var isNonEmptyFile: Bool { kind == .regular && version.size > 0 }
}
