import Glibc
import Reactor

/// An open directory, with what can be done to the files in it.
///
/// It goes on meaning the same directory when that is renamed; its path is for messages. Names may be paths of
/// several segments below it. Everything here waits for the disk.
final class Folder: Sendable {
    /// Where it was when it was opened.
    let path: String
    private let owner: Descriptor

    /// The descriptor; valid as long as this object lives.
    var descriptor: Int32 { owner.raw }

    private init(_ owner: consuming Descriptor, path: String) {
        self.owner = owner
        self.path = path
    }

    /// Opens a directory by its path.
    static func open(_ path: String) throws(BuildStoreError) -> Folder {
        let owner = try BuildStoreError.naming(path) { () throws(SystemError) in
            try Descriptor.open(FileName(path), O_RDONLY | O_DIRECTORY)
        }
        return Folder(owner, path: path)
    }

    /// Opens a directory in this one; the last segment must not be a symbolic link.
    /// - Returns: `nil` when there is none of that name.
    func folder(_ name: String) throws(BuildStoreError) -> Folder? {
        guard try status(of: name)?.kind == .directory else { return nil }
        let inner = try BuildStoreError.naming(path(name)) { () throws(SystemError) in
            try owner.open(FileName(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        }
        return Folder(inner, path: path(name))
    }

    /// The path of `name` for messages.
    func path(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: Looking

    /// What is under `name`, links not followed; `nil` when nothing is.
    func status(of name: String) throws(BuildStoreError) -> FileStatus? {
        try BuildStoreError.naming(path(name)) { () throws(SystemError) in
            try owner.status(of: FileName(name))
        }
    }

    /// Whether `name` in `parent` is this directory.
    func isNamed(_ name: String, in parent: Folder) throws(BuildStoreError) -> Bool {
        guard let own = FileVersion.of(descriptor: descriptor) else { throw .last(path, "fstat") }
        guard let named = try parent.status(of: name)?.version else { return false }
        return named.inode == own.inode && named.device == own.device
    }

    /// The names in it but `.` and `..`, sorted.
    func names() throws(BuildStoreError) -> [String] {
        try BuildStoreError.naming(path) { () throws(SystemError) in try owner.names() }
    }

    /// Where a symbolic link points, or `nil` when there is no such link.
    func target(ofLink name: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(descriptor, name, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Opens a file, not following a link in the last segment.
    func openFile(_ name: String, _ flags: Int32) throws(BuildStoreError) -> Descriptor {
        try BuildStoreError.naming(path(name)) { () throws(SystemError) in
            let flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            return try owner.open(FileName(name), flags, mode: 0o644)
        }
    }

    // MARK: Changing

    /// Makes a directory with those above it, all below this one.
    func makeFolders(_ name: String) throws(BuildStoreError) {
        var made = ""
        for segment in name.split(separator: "/") {
            made += made.isEmpty ? segment : "/" + segment
            guard unsafe mkdirat(descriptor, made, 0o755) == 0 || errno == EEXIST else {
                throw .last(path(made), "mkdir")
            }
        }
    }

    /// Gives what is under `name` another name, which takes the place of a file there.
    func rename(_ name: String, to other: String, in folder: Folder) throws(BuildStoreError) {
        try BuildStoreError.naming(folder.path(other)) { () throws(SystemError) in
            try owner.rename(FileName(name), to: FileName(other), in: folder.owner)
        }
    }

    /// Gives the file `name` a second name.
    /// - Returns: `false` when the file system does not do that.
    func link(_ name: String, to other: String, in folder: Folder) throws(BuildStoreError) -> Bool {
        if unsafe linkat(descriptor, name, folder.descriptor, other, 0) == 0 { return true }
        switch errno {
        case EXDEV, EPERM, EACCES, EMLINK, ENOTSUP, ENOSYS: return false
        default: throw .last(folder.path(other), "link")
        }
    }

    /// Makes a symbolic link.
    func makeLink(_ name: String, to target: String) throws(BuildStoreError) {
        guard unsafe symlinkat(target, descriptor, name) == 0 else { throw .last(path(name), "symlink") }
    }

    /// Removes a file if it is there.
    func removeFile(_ name: String) throws(BuildStoreError) {
        try BuildStoreError.naming(path(name)) { () throws(SystemError) in
            try owner.removeFile(FileName(name))
        }
    }

    /// Removes a file, or a directory with everything in it; links are not followed.
    func remove(_ name: String) throws(BuildStoreError) {
        guard let inner = try folder(name) else {
            try removeFile(name)
            return
        }
        for name in try inner.names() { try inner.remove(name) }
        guard unsafe unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw .last(path(name), "rmdir")
        }
    }

    /// Waits until the names in this directory are on the disk.
    func synchronize() throws(BuildStoreError) {
        try BuildStoreError.naming(path) { () throws(SystemError) in try owner.synchronize() }
    }

    /// Waits until everything in this directory is on the disk.
    func synchronizeTree() throws(BuildStoreError) {
        for name in try names() {
            if let inner = try folder(name) {
                try inner.synchronizeTree()
            } else {
                let file = try openFile(name, O_RDONLY)
                try BuildStoreError.naming(path(name)) { () throws(SystemError) in try file.synchronize() }
            }
        }
        try synchronize()
    }
}
