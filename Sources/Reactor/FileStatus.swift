import Glibc

/// What `stat` says about one name or open file.
public struct FileStatus: Sendable {
    /// What is under the name.
    public enum Kind: Sendable { case regular, directory, symbolicLink, other }

    /// What it is.
    public let kind: Kind
    /// Which version of it; also its size.
    public let version: FileVersion

    /// The status that `stat` or `fstat` filled in.
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
