import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The value of `errno`.
    public let code: Int32
    /// The name of the call, as in its manual page.
    public let call: String

    /// Remembers a failure.
    public init(code: Int32, call: String) {
        self.code = code
        self.call = call
    }

    /// What the C library says about the code, for example "Permission denied".
    public var reason: String { unsafe String(cString: strerror(code)) }

    /// The call and the reason, for example "bind: Address already in use".
    public var description: String { "\(call): \(reason)" }

    /// The reason with a lower-case first letter, as it stands in the middle of a sentence; for lack of descriptors,
    /// with what helps.
    public var sentence: String {
        if code == EMFILE || code == ENFILE {
            return "too many open files (raise the limit, for instance with ulimit -n)"
        }
        return reason.prefix(1).lowercased() + reason.dropFirst()
    }

    /// Whether there is no such name (or a part of its path is not a directory).
    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    /// The failure of the call that has just returned.
    public static func last(_ call: String) -> SystemError { SystemError(code: errno, call: call) }
}
