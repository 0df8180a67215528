import Glibc

/// What the failure of a system call means to the owner of the file.
public struct FileProblem: Sendable, Equatable {
    /// What can be done about it.
    public enum Kind: Sendable, Equatable {
        /// The file system can only be read.
        case readOnly
        /// There is no room on the file system, in the user's quota, or within a limit of the size of files.
        case diskFull
        /// The user may not do this.
        case noPermission
        /// The system failed otherwise.
        case other
    }

    /// What it means.
    public let kind: Kind
    /// The same in words, one line for the user; the call is named where it matters.
    public let reason: String

    /// Explains a failure.
    public init(_ error: SystemError) {
        (kind, reason) =
            switch error.code {
            case EROFS: (.readOnly, "the file system is read-only")
            case ENOSPC: (.diskFull, "the disk is full")
            case EDQUOT: (.diskFull, "the disk quota is used up")
            case EFBIG: (.diskFull, "the limit of the size of files is reached")
            case EACCES, EPERM: (.noPermission, "permission denied (\(error.call))")
            case EMFILE, ENFILE: (.other, error.sentence)
            default: (.other, error.description)
            }
    }
}
