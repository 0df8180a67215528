import Glibc
import Reactor

/// A lock on a file (flock(2)), which goes when the object or the process does.
final class FileLock: Sendable {
    private let owner: Descriptor

    private init(_ owner: consuming Descriptor) { self.owner = owner }

    deinit {
        // A process that is just being started has the descriptor too, until it becomes another program.
        _ = flock(owner.raw, LOCK_UN)
    }

    /// Takes the lock of a file, which is made when it is not there, for this object alone.
    /// - Returns: `nil` when somebody else has it.
    /// - Throws: `BuildStoreError` when the file cannot be written.
    static func exclusive(_ name: String, in folder: Folder) throws(BuildStoreError) -> FileLock? {
        let owner = try folder.openFile(name, O_RDWR | O_CREAT)
        guard try lock(owner.raw, LOCK_EX, folder.path(name)) else { return nil }
        return FileLock(owner)
    }

    /// Shares the lock of a file.
    ///
    /// File systems that know no locks give none, and nobody can take it then.
    /// - Returns: `nil` when somebody else has it alone.
    /// - Throws: `BuildStoreError` when the file cannot be read.
    static func shared(_ name: String, in folder: Folder) throws(BuildStoreError) -> FileLock? {
        let owner = try folder.openFile(name, O_RDONLY)
        do throws(BuildStoreError) {
            guard try lock(owner.raw, LOCK_SH, folder.path(name)) else { return nil }
        } catch {
            guard error.kind == .other else { throw error }
        }
        return FileLock(owner)
    }

    /// Shares a lock that was this object's alone; in between, nobody has it for a moment.
    func share(_ path: String) throws(BuildStoreError) {
        guard try Self.lock(owner.raw, LOCK_SH, path) else {
            throw BuildStoreError(path, "another process took the lock of a build that is not its own")
        }
    }

    private static func lock(
        _ descriptor: Int32,
        _ operation: Int32,
        _ path: String
    ) throws(BuildStoreError) -> Bool {
        while flock(descriptor, operation | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw .last(path, "flock") }
        }
        return true
    }
}
