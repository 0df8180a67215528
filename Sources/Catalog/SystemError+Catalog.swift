import Glibc
import Reactor

extension SystemError {
    /// Whether the name does not exist (or a part of its path is not a directory).
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether the call failed for want of descriptors or memory, which says nothing about the file.
    var isExhaustion: Bool { code == EMFILE || code == ENFILE || code == ENOMEM }

    /// The reason with a lower-case first letter, as it stands in the middle of a sentence.
    var sentence: String {
        if code == EMFILE || code == ENFILE {
            return "too many open files (raise the limit, for instance with ulimit -n)"
        }
        return reason.prefix(1).lowercased() + reason.dropFirst()
    }
}
