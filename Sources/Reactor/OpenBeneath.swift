import Bytes
import CLinux
import Glibc
import Synchronization

/// Opening files so that neither `..` nor a symbolic link leads out of a directory.
public enum OpenBeneath {
    /// What opening a path gave.
    public enum Outcome: ~Copyable, Sendable {
        /// A regular file and its version.
        case file(Descriptor, FileVersion)
        /// The path names a directory.
        case directory
        /// There is nothing of that name, or a device, socket or pipe.
        case notFound
        /// The path leads out of the directory, or the file may not be read.
        case forbidden
        /// The system failed otherwise, for example for lack of descriptors.
        case failed(SystemError)
    }

    private static let resolveBeneath: UInt64 = 0x08
    private static let resolveNoMagicLinks: UInt64 = 0x02

    /// Whether `openat2` (Linux 5.6) is there, and allowed; found out at the first use.
    private static let hasOpenat2 = Atomic<Bool>(true)

    /// Opens a regular file for reading.
    /// - Parameters:
    ///   - path: relative, segments separated by `/`, without NUL.
    ///   - directory: descriptor of the directory that confines it.
    /// - Returns: the open file, or why there is none.
    public static func open(_ path: [UInt8], beneath directory: Int32) -> Outcome {
        precondition(!path.contains(0))
        let raw =
            hasOpenat2.load(ordering: .relaxed)
            ? openWithKernelCheck(path, directory) : openBySegments(path, directory)
        guard raw >= 0 else { return outcome(of: errno) }
        guard let descriptor = try? Descriptor(raw, from: "openat2") else { return .notFound }
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { return .failed(SystemError.last("fstat")) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(descriptor, FileVersion(status))
        case S_IFDIR: return .directory
        default: return .notFound
        }
    }

    private static func outcome(of code: Int32) -> Outcome {
        switch code {
        case ENOENT, ENOTDIR, ENAMETOOLONG, ENXIO: .notFound
        case EXDEV, EACCES, EPERM, ELOOP: .forbidden
        default: .failed(SystemError(code: code, call: "openat2"))
        }
    }

    private static func openWithKernelCheck(_ path: [UInt8], _ directory: Int32) -> Int32 {
        // O_NONBLOCK: opening a pipe that lies in a dataset must not block; it has no effect on files.
        let flags = UInt64(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        let name = path.map(CChar.init(bitPattern:)) + [0]
        for _ in 0..<4 {
            let raw = unsafe gateway_openat2(directory, name, flags, resolveBeneath | resolveNoMagicLinks)
            if raw >= 0 { return raw }
            switch errno {
            case ENOSYS:
                hasOpenat2.store(false, ordering: .relaxed)
                return openBySegments(path, directory)
            case EPERM:
                // Either the file's own, or a container's filter of system calls that does not know this one.
                let raw = openBySegments(path, directory)
                if raw >= 0 { hasOpenat2.store(false, ordering: .relaxed) }
                return raw
            case EAGAIN, EINTR: continue  // something was renamed during the walk: openat2(2)
            default: return -1
            }
        }
        return -1
    }

    /// For kernels without `openat2`: goes down segment by segment and follows no symbolic link at all.
    static func openBySegments(_ path: [UInt8], _ directory: Int32) -> Int32 {
        let segments = path.split(separator: UInt8(ascii: "/"))
        var current = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        for (index, segment) in segments.enumerated() {
            if segment.elementsEqual("..".utf8) {
                _ = close(current)
                errno = EXDEV
                return -1
            }
            let isLast = index == segments.count - 1
            let kind = isLast ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_RDONLY | O_DIRECTORY
            let name = segment.map(CChar.init(bitPattern:)) + [0]
            let next = unsafe openat(current, name, kind | O_CLOEXEC | O_NOFOLLOW)
            let code = errno
            _ = close(current)
            errno = code
            if next < 0 { return -1 }
            current = next
        }
        return current
    }
}
