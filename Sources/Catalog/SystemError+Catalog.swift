import Glibc
import Reactor

extension SystemError {
    /// Whether the call failed for want of descriptors or memory, which says nothing about the file.
    var isExhaustion: Bool { code == EMFILE || code == ENFILE || code == ENOMEM }
}
