import Glibc
import Reactor

/// An open directory that one object alone keeps its files in, directly and by name.
///
/// Files and directories are readable by the user only: events tell what people look at. Everything here waits
/// for the disk.
final class StoreFolder: Sendable {
    /// Where it was when it was opened; for messages.
    let path: String
    private let owner: Descriptor

    /// Opens a directory, which is made with those above it when it is not there, and takes its lock (flock(2)).
    ///
    /// The lock goes with the object or the process. On file systems that know no locks of directories, nobody
    /// has one.
    /// - Throws: `ViewerStoreError`, of kind `.inUse` when somebody else has the lock.
    init(making path: String) throws(ViewerStoreError) {
        try Self.make(path)
        owner = try Self.openFolder(path, for: path)
        self.path = path
        while flock(owner.raw, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { return }
            throw ViewerStoreError(path, "another process uses this folder", kind: .inUse)
        }
    }

    deinit {
        // A process that is just being started has the descriptor too, until it becomes another program.
        _ = flock(owner.raw, LOCK_UN)
    }

    /// Opens a directory if it is there, and takes its lock.
    static func ifThere(_ path: String) throws(ViewerStoreError) -> StoreFolder? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        return try StoreFolder(making: path)
    }

    /// Makes sure that files can be made and removed in it.
    /// - Throws: `ViewerStoreError` when the user may not, or the file system can only be read.
    func requireWritable() throws(ViewerStoreError) {
        guard unsafe access(path, W_OK | X_OK) == 0 else { throw .last(path, "access") }
    }

    /// Makes sure that nobody has removed it since it was opened.
    /// - Throws: `ViewerStoreError` of kind `.removed` when somebody has.
    func requireName() throws(ViewerStoreError) { try owner.requireName(path) }

    /// The path of the file `name`, for messages.
    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The names in it but `.` and `..`, sorted.
    func names() throws(ViewerStoreError) -> [String] {
        try ViewerStoreError.naming(path) { () throws(SystemError) in try owner.names() }
    }

    /// Opens a file, not following a link.
    func open(_ name: String, _ flags: Int32) throws(ViewerStoreError) -> Descriptor {
        try ViewerStoreError.naming(path(name)) { () throws(SystemError) in
            let flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            return try owner.open(FileName(name), flags, mode: 0o600)
        }
    }

    /// Opens a file for reading, not following a link.
    /// - Returns: `nil` when there is no plain file of that name.
    func openIfThere(_ name: String) throws(ViewerStoreError) -> Descriptor? {
        guard try status(of: name)?.kind == .regular else { return nil }
        do throws(ViewerStoreError) {
            return try open(name, O_RDONLY)
        } catch {
            // Between the two calls another thread can have removed it.
            guard (try? status(of: name) != nil) ?? true else { return nil }
            throw error
        }
    }

    private func status(of name: String) throws(ViewerStoreError) -> FileStatus? {
        try ViewerStoreError.naming(path(name)) { () throws(SystemError) in
            try owner.status(of: FileName(name))
        }
    }

    /// Gives the file `name` another name, which takes the place of a file there.
    func rename(_ name: String, to other: String) throws(ViewerStoreError) {
        try ViewerStoreError.naming(path(other)) { () throws(SystemError) in
            try owner.rename(FileName(name), to: FileName(other), in: owner)
        }
    }

    /// Sets when the file `name` was last used and changed, Unix time in milliseconds.
    func setTime(_ name: String, unixMilliseconds: Int64) throws(ViewerStoreError) {
        let time = timespec(
            tv_sec: Int(unixMilliseconds / 1000),
            tv_nsec: Int(unixMilliseconds % 1000) * 1_000_000
        )
        guard unsafe utimensat(owner.raw, name, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .last(path(name), "utimensat")
        }
    }

    /// Removes a file if it is there.
    func remove(_ name: String) throws(ViewerStoreError) {
        try ViewerStoreError.naming(path(name)) { () throws(SystemError) in
            try owner.removeFile(FileName(name))
        }
    }

    /// Removes all files in it, and the directory itself; the object still has it open.
    /// - Throws: `ViewerStoreError`, also when there are directories in it.
    func removeAll() throws(ViewerStoreError) {
        do throws(ViewerStoreError) { try requireName() } catch  where error.kind == .removed { return }
        for name in try names() { try remove(name) }
        try removeFolder()
    }

    /// Removes the directory itself, which must be empty; the object still has it open.
    func removeFolder() throws(ViewerStoreError) {
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw .last(path, "rmdir") }
    }

    /// Waits until the names in this directory are on the disk.
    func synchronize() throws(ViewerStoreError) {
        try ViewerStoreError.naming(path) { () throws(SystemError) in try owner.synchronize() }
    }

    /// Bytes that the user may still write to the file system.
    func freeBytes() throws(ViewerStoreError) -> UInt64 {
        var status = statvfs()
        guard unsafe fstatvfs(owner.raw, &status) == 0 else { throw .last(path, "fstatvfs") }
        return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
    }

    // MARK: Opening

    /// Makes a directory with those above it, so that their names are on the disk.
    private static func make(_ path: String) throws(ViewerStoreError) {
        if unsafe mkdir(path, 0o700) != 0 {
            switch errno {
            case EEXIST: return
            case ENOENT:
                try make(parent(of: path))
                guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last(path, "mkdir") }
            default: throw .last(path, "mkdir")
            }
        }
        let above = try openFolder(parent(of: path), for: path)
        try ViewerStoreError.naming(parent(of: path)) { () throws(SystemError) in try above.synchronize() }
    }

    private static func parent(of path: String) -> String {
        let segments = path.split(separator: "/").dropLast()
        let parent = (path.hasPrefix("/") ? "/" : "") + segments.joined(separator: "/")
        return parent.isEmpty ? "." : parent
    }

    /// Opens a directory; `path` is for messages.
    private static func openFolder(
        _ folder: String,
        for path: String
    ) throws(ViewerStoreError) -> Descriptor {
        try ViewerStoreError.naming(path) { () throws(SystemError) in
            try Descriptor.open(FileName(folder), O_RDONLY | O_DIRECTORY)
        }
    }
}
