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
        owner = try Self.openFile(path, in: AT_FDCWD, O_RDONLY | O_DIRECTORY, path)
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

    /// The path of the file `name`, for messages.
    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The names in it but `.` and `..`, sorted.
    func names() throws(ViewerStoreError) -> [String] {
        let listed = try Self.openFile(".", in: owner.raw, O_RDONLY | O_DIRECTORY, path).release()
        guard let stream = unsafe fdopendir(listed) else {
            let error = ViewerStoreError.last(path, "fdopendir")
            _ = close(listed)
            throw error
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .last(path, "readdir") }
        return names.sorted()
    }

    /// Opens a file, not following a link.
    func open(_ name: String, _ flags: Int32) throws(ViewerStoreError) -> Descriptor {
        try Self.openFile(name, in: owner.raw, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, path(name))
    }

    /// Opens a file for reading, not following a link.
    /// - Returns: `nil` when there is no plain file of that name.
    func openIfThere(_ name: String) throws(ViewerStoreError) -> Descriptor? {
        var status = stat()
        guard unsafe fstatat(owner.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw .last(path(name), "fstatat") }
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        do throws(ViewerStoreError) {
            return try open(name, O_RDONLY)
        } catch {
            // Between the two calls another thread can have removed it.
            guard unsafe fstatat(owner.raw, name, &status, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT else {
                throw error
            }
            return nil
        }
    }

    /// Gives the file `name` another name, which takes the place of a file there.
    func rename(_ name: String, to other: String) throws(ViewerStoreError) {
        guard unsafe renameat(owner.raw, name, owner.raw, other) == 0 else {
            throw .last(path(other), "rename")
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
        guard unsafe unlinkat(owner.raw, name, 0) == 0 || errno == ENOENT else {
            throw .last(path(name), "unlink")
        }
    }

    /// Removes all files in it, and the directory itself; the object still has it open.
    /// - Throws: `ViewerStoreError`, also when there are directories in it.
    func removeAll() throws(ViewerStoreError) {
        for name in try names() { try remove(name) }
        try removeFolder()
    }

    /// Removes the directory itself, which must be empty; the object still has it open.
    func removeFolder() throws(ViewerStoreError) {
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw .last(path, "rmdir") }
    }

    /// Waits until the names in this directory are on the disk.
    func synchronize() throws(ViewerStoreError) {
        guard fsync(owner.raw) == 0 else { throw .last(path, "fsync") }
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
        let above = try openFile(parent(of: path), in: AT_FDCWD, O_RDONLY | O_DIRECTORY, path)
        guard fsync(above.raw) == 0 else { throw .last(parent(of: path), "fsync") }
    }

    private static func parent(of path: String) -> String {
        let segments = path.split(separator: "/").dropLast()
        let parent = (path.hasPrefix("/") ? "/" : "") + segments.joined(separator: "/")
        return parent.isEmpty ? "." : parent
    }

    private static func openFile(
        _ name: String,
        in directory: Int32,
        _ flags: Int32,
        _ path: String
    ) throws(ViewerStoreError) -> Descriptor {
        while true {
            let raw = unsafe openat(directory, name, flags | O_CLOEXEC, 0o600)
            if raw < 0 && errno == EINTR { continue }
            do throws(SystemError) {
                return try Descriptor(raw, from: "open")
            } catch {
                throw ViewerStoreError(path, error)
            }
        }
    }
}
