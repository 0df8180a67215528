/// The identity of a directory: device and inode.
public struct DirectoryID: Sendable, Hashable {
    /// `st_dev`.
    public let device: UInt64
    /// `st_ino`.
    public let inode: UInt64
}
