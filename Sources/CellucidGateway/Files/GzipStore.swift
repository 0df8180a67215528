import Codecs
import Glibc
import Reactor
import Server
import Synchronization

/// Gzip codings of large files in the cache directory, by the version of the file they are of.
///
/// A coding is written under another name and renamed when it is whole, so a file that is there is complete. An
/// empty file remembers that the coding does not pay. The store keeps within a budget by removing what was
/// not used for longest. Everything here blocks.
final class GzipStore: Sendable {
    /// Bytes that the codings may take on disk.
    static let budgetBytes: UInt64 = 4 * 1024 * 1024 * 1024

    private let folder: String
    private let counter = Atomic<UInt64>(0)
    private let working = Mutex<Set<String>>([])

    /// Uses a folder, which is made when it is not there.
    /// - Throws: `SystemError` when it cannot be made or written to.
    init(folder: String) throws(SystemError) {
        self.folder = folder
        var built = folder.hasPrefix("/") ? "/" : ""
        for part in folder.split(separator: "/") {
            built += (built.isEmpty || built.hasSuffix("/") ? "" : "/") + part
            guard unsafe mkdir(built, 0o700) == 0 || errno == EEXIST else {
                throw SystemError(code: errno, call: "mkdir")
            }
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else { throw SystemError(code: errno, call: "access") }
        prune()
    }

    /// The coding of `file`, made if it is not there yet; `nil` when it does not pay or another thread is making it.
    func coding(of file: OpenFile) -> Result<OpenFile?, SystemError> {
        let version = file.version
        let name =
            "\(version.device)-\(version.inode)-\(version.size)-\(version.modified)-\(version.changed).gz"
        let path = folder + "/" + name
        if let found = open(path) { return .success(found.size == 0 ? nil : found) }
        guard working.withLock({ $0.insert(name).inserted }) else { return .success(nil) }
        defer { working.withLock { _ = $0.remove(name) } }
        do throws(SystemError) {
            try make(file, path)
        } catch {
            return .failure(error)
        }
        prune()
        return .success(open(path).flatMap { $0.size == 0 ? nil : $0 })
    }

    private func open(_ path: String) -> OpenFile? {
        guard let descriptor = try? unsafe Descriptor(Glibc.open(path, O_RDONLY | O_CLOEXEC), from: "open"),
            let version = FileVersion.of(descriptor: descriptor.raw)
        else { return nil }
        // Only the time of access is set: the version that answers are checked against must stay the same.
        let times = [timespec(tv_sec: 0, tv_nsec: Self.now), timespec(tv_sec: 0, tv_nsec: Self.unchanged)]
        _ = unsafe futimens(descriptor.raw, times)
        return OpenFile(descriptor, version: version)
    }

    /// `UTIME_NOW` and `UTIME_OMIT` of utimensat(2), which are macros.
    private static let now = (1 << 30) - 1
    private static let unchanged = (1 << 30) - 2

    private func make(_ file: OpenFile, _ path: String) throws(SystemError) {
        let number = counter.add(1, ordering: .relaxed).newValue
        let temporary = "\(folder)/\(getpid())-\(number).part"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let output = try unsafe Descriptor(Glibc.open(temporary, flags, 0o600), from: "open")
        var isDone = false
        defer { if !isDone { unsafe unlink(temporary) } }
        do throws(Gzip.Failure) {
            let written = try Gzip.compress(
                file: file.descriptor,
                size: file.size,
                into: output.raw,
                level: GzipPolicy.level
            )
            if !GzipPolicy.pays(plain: file.size, coded: written) { ftruncate(output.raw, 0) }
        } catch {
            throw SystemError(code: EIO, call: "\(error)")
        }
        guard file.isUnchanged else { throw SystemError(code: ESTALE, call: "gzip") }
        guard fsync(output.raw) == 0 else { throw SystemError(code: errno, call: "fsync") }
        guard unsafe rename(temporary, path) == 0 else { throw SystemError(code: errno, call: "rename") }
        isDone = true
    }

    /// Removes what was not used for longest until the rest fits the budget, and what a killed process left.
    private func prune() {
        guard let stream = unsafe opendir(folder) else { return }
        defer { unsafe closedir(stream) }
        var found: [(path: String, size: UInt64, used: Int)] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.hasSuffix(".gz") || name.hasSuffix(".part") else { continue }
            var status = stat()
            let path = folder + "/" + name
            guard unsafe lstat(path, &status) == 0 else { continue }
            if name.hasSuffix(".part") {
                if time(nil) - status.st_mtim.tv_sec > 3600 { unsafe unlink(path) }
                continue
            }
            found.append((path, UInt64(max(0, status.st_size)), status.st_atim.tv_sec))
        }
        var total = found.reduce(0) { $0 + $1.size }
        for file in found.sorted(by: { $0.used < $1.used }) where total > Self.budgetBytes {
            unsafe unlink(file.path)
            total -= file.size
        }
    }
}
