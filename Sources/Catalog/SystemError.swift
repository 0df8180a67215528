import Glibc

/// A failed system call's `errno`.
struct SystemError: Error, Hashable {
    let code: Int32

    /// The error of the call that has just failed on this thread.
    static var last: SystemError { SystemError(code: errno) }

    /// Whether the name does not exist (or a part of its path is not a directory).
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether the call failed for want of descriptors or memory, which says nothing about the file.
    var isExhaustion: Bool { code == EMFILE || code == ENFILE || code == ENOMEM }

    /// The C library's text with a lower-case first letter, as it stands in the middle of a sentence.
    var reason: String {
        if code == EMFILE || code == ENFILE {
            return "too many open files (raise the limit, for instance with ulimit -n)"
        }
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        let message = unsafe String(cString: text)
        return message.prefix(1).lowercased() + message.dropFirst()
    }
}
