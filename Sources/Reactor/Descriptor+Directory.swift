public import Glibc

/// Opening files, and what can be done to the names in an open directory.
///
/// Names may be paths of several segments below the directory.
extension Descriptor {
    /// Opens a file or directory by its path (open(2)).
    /// - Parameters:
    ///   - path: absolute, or relative to the working directory.
    ///   - flags: how; `O_CLOEXEC` is added.
    ///   - mode: the permissions of a file that is made.
    /// - Returns: its owner.
    /// - Throws: `SystemError` of the call "open".
    public static func open(
        _ path: FileName,
        _ flags: Int32,
        mode: mode_t = 0
    ) throws(SystemError) -> Descriptor {
        try open(path, in: AT_FDCWD, flags, mode)
    }

    /// Opens a file or directory in this directory, which may be open as a place only (`O_PATH`).
    /// - Parameters:
    ///   - name: in the directory.
    ///   - flags: how, as of open(2); `O_CLOEXEC` is added.
    ///   - mode: the permissions of a file that is made.
    /// - Returns: its owner.
    /// - Throws: `SystemError` of the call "open".
    public borrowing func open(
        _ name: FileName,
        _ flags: Int32,
        mode: mode_t = 0
    ) throws(SystemError) -> Descriptor {
        try Self.open(name, in: raw, flags, mode)
    }

    private static func open(
        _ name: FileName,
        in directory: Int32,
        _ flags: Int32,
        _ mode: mode_t
    ) throws(SystemError) -> Descriptor {
        let raw = try SystemCall.retrying("open") {
            unsafe openat(directory, name.characters, flags | O_CLOEXEC, mode)
        }
        return try Descriptor(raw, from: "open")
    }

    // MARK: Looking

    /// What is open.
    public borrowing func status() throws(SystemError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { throw .last("fstat") }
        return FileStatus(status)
    }

    /// What is under `name` in this directory; `nil` when nothing is.
    public borrowing func status(
        of name: FileName,
        followingLinks: Bool = false
    ) throws(SystemError) -> FileStatus? {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard unsafe fstatat(raw, name.characters, &status, flags) == 0 else {
            let error = SystemError.last("fstatat")
            if error.isMissing { return nil }
            throw error
        }
        return FileStatus(status)
    }

    /// All names in this directory but `.` and `..`, in the kernel's order.
    public borrowing func entries() throws(SystemError) -> [DirectoryEntry] {
        // The place reached in a listing is the descriptor's, and one of `O_PATH` has none.
        let listed = try open(FileName("."), O_RDONLY | O_DIRECTORY).release()
        guard let stream = unsafe fdopendir(listed) else {
            let error = SystemError.last("fdopendir")
            _ = close(listed)
            throw error
        }
        defer { unsafe closedir(stream) }
        var entries: [DirectoryEntry] = []
        while true {
            errno = 0
            guard let record = unsafe readdir(stream) else { break }
            let entry = unsafe DirectoryEntry(record)
            if !entry.isSelfOrParent { entries.append(entry) }
        }
        guard errno == 0 else { throw .last("readdir") }
        return entries
    }

    /// The names in this directory but `.` and `..`, as text and sorted.
    public borrowing func names() throws(SystemError) -> [String] {
        try entries().map(\.name.text).sorted()
    }

    // MARK: Changing

    /// Gives what is under `name` another name, which takes the place of a file there.
    /// - Parameters:
    ///   - name: in this directory.
    ///   - other: the new name.
    ///   - directory: in which the new name is; may be this one.
    /// - Throws: `SystemError` of the call "rename".
    public borrowing func rename(
        _ name: FileName,
        to other: FileName,
        in directory: borrowing Descriptor
    ) throws(SystemError) {
        guard unsafe renameat(raw, name.characters, directory.raw, other.characters) == 0 else {
            throw .last("rename")
        }
    }

    /// Removes a file if it is there; a link is not followed.
    public borrowing func removeFile(_ name: FileName) throws(SystemError) {
        guard unsafe unlinkat(raw, name.characters, 0) == 0 || errno == ENOENT else { throw .last("unlink") }
    }
}
