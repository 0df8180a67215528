import Reactor

/// An open directory that is closed when the last reference to it goes.
///
/// The descriptor is opened with `O_PATH`, so it serves `openat` and `fstatat` but cannot be read itself. It
/// keeps the directory's inode from being reused, and goes on meaning the same directory when that is
/// renamed.
public final class DirectoryDescriptor: Sendable {
    /// The file descriptor; valid as long as this object lives.
    ///
    /// The compiler may end the life of the last reference right after it has been read from, so a caller
    /// that does not keep the dataset otherwise needs `extendLifetime` after the system call.
    public var raw: Int32 { owner.raw }

    /// The owner of the file descriptor, for calls relative to the directory.
    let owner: Descriptor

    /// Takes over an open directory.
    init(_ owner: consuming Descriptor) { self.owner = owner }
}
