import Glibc
import Reactor

/// The few system calls of a scan, relative to open directories.
enum FileSystem {
    /// `O_PATH` (open(2)), which Glibc declares only under `_GNU_SOURCE`; the value is the same on x86-64 and
    /// arm64.
    private static let pathOnly: Int32 = 0o10_000_000

    /// Opens a configured directory, following symbolic links.
    static func openRoot(_ path: String) throws(SystemError) -> DirectoryDescriptor {
        DirectoryDescriptor(try Descriptor.open(FileName(path), pathOnly | O_DIRECTORY))
    }

    /// Opens `name`, relative to `directory`, as a place only (`O_PATH`).
    static func openDirectory(
        _ name: FileName,
        in directory: DirectoryDescriptor,
        followingLinks: Bool = true
    ) throws(SystemError) -> DirectoryDescriptor {
        let flags = pathOnly | O_DIRECTORY | (followingLinks ? 0 : O_NOFOLLOW)
        return DirectoryDescriptor(try directory.owner.open(name, flags))
    }

    /// The status of an open directory.
    static func status(of directory: DirectoryDescriptor) throws(SystemError) -> FileStatus {
        try directory.owner.status()
    }

    /// The status of `name` in `directory`; `nil` when there is no such name.
    static func status(
        of name: FileName,
        in directory: DirectoryDescriptor,
        followingLinks: Bool = true
    ) throws(SystemError) -> FileStatus? {
        try directory.owner.status(of: name, followingLinks: followingLinks)
    }

    /// All names in `directory` but `.` and `..`, in the kernel's order.
    static func entries(of directory: DirectoryDescriptor) throws(SystemError) -> [DirectoryEntry] {
        try directory.owner.entries()
    }

    /// Opens the regular file `name` for reading, gives it and its size to `body`, and closes it.
    ///
    /// - Throws: The error of opening, or of `body`. A name that is no regular file is `EINVAL`.
    static func withFile<Result>(
        _ name: FileName,
        in directory: DirectoryDescriptor,
        _ body: (_ file: borrowing Descriptor, _ size: UInt64) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        // A name can turn into a pipe between `stat` and here; without O_NONBLOCK opening one would wait
        // forever.
        let file = try directory.owner.open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let status = try file.status()
        guard status.kind == .regular else { throw SystemError(code: EINVAL, call: "open") }
        return try body(file, status.version.size)
    }

    /// The absolute path without symbolic links, or `nil` when there is none.
    static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
