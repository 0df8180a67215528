import Glibc
import Reactor

/// The builds of one web app on the disk: whole ones, of which one is current.
///
/// Several processes may share the directory; a lock file keeps their changes apart. Whatever is interrupted,
/// even by SIGKILL or loss of power, leaves the builds that were there. All methods wait for the disk and may be
/// called on any thread.
///
/// ```text
/// lock                 taken while anything is switched, removed or added
/// current, previous    symbolic links to builds/<id>
/// builds/<id>/         build.json, files/, gzip/, br/, and a lock that is shared by those who read the build
/// incoming/<random>/   the same while it is being made, with the lock of its maker
/// ```
public final class BuildStore: Sendable {
    /// What a store has.
    public struct Contents: Sendable {
        /// The newest build.
        public var current: Build?
        /// The one before, for pages that are still open.
        public var previous: Build?
        /// What was wrong with builds that are no longer among these.
        public var damages: [BuildStoreError] = []
    }

    static let lockName = "lock"
    static let currentLink = "current"
    static let previousLink = "previous"
    static let buildsName = "builds"
    static let incomingName = "incoming"

    /// The directory.
    public let path: String
    /// Why nothing could be written when the store was opened, or `nil`; methods that change it try anew.
    public let writeProblem: BuildStoreError?
    /// How long to wait for other processes that change the store, seconds.
    let lockSeconds: Int

    /// Uses a directory, which is made when it is not there, and removes what interrupted processes left in it.
    ///
    /// A directory that cannot be written can still be read; `writeProblem` says why then.
    /// - Parameters:
    ///   - directory: its path; several segments may be missing.
    ///   - lockSeconds: how long to wait for other processes that change the store.
    /// - Throws: `BuildStoreError` when there is no such directory and it cannot be made.
    public init(directory: String, lockSeconds: Int = 30) throws(BuildStoreError) {
        path = directory
        self.lockSeconds = lockSeconds
        var problem: BuildStoreError?
        do throws(BuildStoreError) {
            try Self.makeDirectory(directory)
            let root = try Folder.open(directory)
            try root.makeFolders(Self.buildsName)
            try root.makeFolders(Self.incomingName)
            if let lock = try FileLock.exclusive(Self.lockName, in: root) {
                Self.removeLeftovers(in: root)
                withExtendedLifetime(lock) {}
            }
        } catch {
            guard error.kind == .readOnly || error.kind == .noPermission || error.kind == .diskFull,
                (try? Folder.open(directory)) != nil
            else { throw error }
            problem = error
        }
        writeProblem = problem
    }

    private static func makeDirectory(_ path: String) throws(BuildStoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for segment in path.split(separator: "/") {
            made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + segment
            if unsafe mkdir(made, 0o755) == 0 || errno == EEXIST { continue }
            let error = BuildStoreError.last(made, "mkdir")
            // A read-only file system says so before it says that the directory is there.
            guard unsafe access(made, F_OK) == 0 else { throw error }
        }
    }

    /// Does something while no other process changes the store.
    func locked<Value>(
        _ body: (_ root: Folder) throws(BuildStoreError) -> Value
    ) throws(BuildStoreError) -> Value {
        let root = try Folder.open(path)
        try root.makeFolders(Self.buildsName)
        try root.makeFolders(Self.incomingName)
        let deadline = Clock.monotonicMilliseconds() + Int64(lockSeconds) * 1000
        while true {
            if let lock = try FileLock.exclusive(Self.lockName, in: root) {
                defer { withExtendedLifetime(lock) {} }
                return try body(root)
            }
            guard Clock.monotonicMilliseconds() < deadline else {
                throw BuildStoreError(
                    root.path(Self.lockName),
                    "another process has held the lock for \(lockSeconds) seconds",
                    kind: .locked
                )
            }
            usleep(5000)
        }
    }

    static func opened(_ name: String, in folder: Folder) throws(BuildStoreError) -> Folder {
        guard let inner = try folder.folder(name) else {
            throw BuildStoreError(folder.path(name), "the folder is missing")
        }
        return inner
    }

    /// A name that no other process uses.
    static func randomName() -> String { "\(getpid())-" + String(UInt64.random(in: 0 ... .max), radix: 16) }
}
