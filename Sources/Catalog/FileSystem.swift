import Glibc
import Reactor

/// The few system calls of a scan, relative to open directories.
enum FileSystem {
    /// `O_PATH` (open(2)), which Glibc declares only under `_GNU_SOURCE`; the value is the same on x86-64 and
    /// arm64.
    private static let pathOnly: Int32 = 0o10_000_000

    /// Opens a configured directory, following symbolic links.
    static func openRoot(_ path: String) throws(SystemError) -> DirectoryDescriptor {
        let flags = pathOnly | O_DIRECTORY | O_CLOEXEC
        return DirectoryDescriptor(owning: try open(FileName(path), in: AT_FDCWD, flags: flags))
    }

    /// Opens `name`, relative to `directory`, as a place only (`O_PATH`).
    static func openDirectory(
        _ name: FileName,
        in directory: DirectoryDescriptor,
        followingLinks: Bool = true
    ) throws(SystemError) -> DirectoryDescriptor {
        defer { extendLifetime(directory) }
        let flags = pathOnly | O_DIRECTORY | O_CLOEXEC | (followingLinks ? 0 : O_NOFOLLOW)
        return DirectoryDescriptor(owning: try open(name, in: directory.raw, flags: flags))
    }

    /// The status of an open directory.
    static func status(of directory: DirectoryDescriptor) throws(SystemError) -> FileStatus {
        defer { extendLifetime(directory) }
        return try status(ofDescriptor: directory.raw)
    }

    private static func status(ofDescriptor descriptor: Int32) throws(SystemError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("fstat") }
        return FileStatus(status)
    }

    /// The status of `name` in `directory`; `nil` when there is no such name.
    static func status(
        of name: FileName,
        in directory: DirectoryDescriptor,
        followingLinks: Bool = true
    ) throws(SystemError) -> FileStatus? {
        defer { extendLifetime(directory) }
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard unsafe fstatat(directory.raw, name.characters, &status, flags) == 0 else {
            let error = SystemError.last("fstatat")
            if error.isMissing { return nil }
            throw error
        }
        return FileStatus(status)
    }

    /// All names in `directory` but `.` and `..`, in the kernel's order.
    static func entries(of directory: DirectoryDescriptor) throws(SystemError) -> [DirectoryEntry] {
        defer { extendLifetime(directory) }
        let descriptor = try open(FileName("."), in: directory.raw, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard let stream = unsafe fdopendir(descriptor) else {
            let error = SystemError.last("fdopendir")
            _ = close(descriptor)
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

    /// Opens the regular file `name` for reading, gives its descriptor and size to `body`, and closes it.
    ///
    /// - Throws: The error of opening, or of `body`. A name that is no regular file is `EINVAL`.
    static func withFile<Result>(
        _ name: FileName,
        in directory: DirectoryDescriptor,
        _ body: (_ descriptor: Int32, _ size: UInt64) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        defer { extendLifetime(directory) }
        // A name can turn into a pipe between `stat` and here; without O_NONBLOCK opening one would wait
        // forever.
        let descriptor = try open(
            name,
            in: directory.raw,
            flags: O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        )
        defer { _ = close(descriptor) }
        let status = try status(ofDescriptor: descriptor)
        guard status.kind == .regular else { throw SystemError(code: EINVAL, call: "open") }
        return try body(descriptor, status.version.size)
    }

    /// Up to `count` bytes of a file from `offset` on; fewer only at its end.
    static func read(_ descriptor: Int32, from offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                let got = unsafe pread(descriptor, rest.baseAddress, count - filled, off_t(offset) + filled)
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    failure = .last("pread")
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The absolute path without symbolic links, or `nil` when there is none.
    static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func open(
        _ name: FileName,
        in directory: Int32,
        flags: Int32
    ) throws(SystemError) -> Int32 {
        while true {
            let descriptor = unsafe openat(directory, name.characters, flags)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else { throw .last("openat") }
        }
    }
}
