public import Reactor

/// Why events or session bundles could not be kept or read: which file, and what is wrong with it.
public struct ViewerStoreError: FileError, Equatable, CustomStringConvertible {
    /// What the reason means to whoever handles it.
    public enum Kind: Sendable, Equatable {
        /// The file system can only be read.
        case readOnly
        /// There is no room on the file system, in the user's quota, or within a limit of the gateway.
        case diskFull
        /// The user may not do this.
        case noPermission
        /// Another process, or another object of this one, uses the folder.
        case inUse
        /// What should be kept is larger than allowed.
        case tooLarge
        /// The log or upload has been closed or removed.
        case closed
        /// The file or folder was removed by other hands while it was in use.
        case removed
        /// The system failed otherwise.
        case other
    }

    /// The file or folder.
    public let path: String
    /// What is wrong with it.
    public let reason: String
    /// What that means.
    public let kind: Kind

    /// Describes a failure.
    public init(_ path: String, _ reason: String, kind: Kind = .other) {
        self.path = path
        self.reason = reason
        self.kind = kind
    }

    /// Describes a system call that failed for `path`.
    public init(_ path: String, _ error: SystemError) {
        let problem = FileProblem(error)
        let kind: Kind =
            switch problem.kind {
            case .readOnly: .readOnly
            case .diskFull: .diskFull
            case .noPermission: .noPermission
            case .other: .other
            }
        self.init(path, problem.reason, kind: kind)
    }

    /// The path and the reason, on one line.
    public var description: String { "\(path): \(reason)" }
}
