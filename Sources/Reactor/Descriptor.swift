import Glibc

/// The owner of an open file descriptor, which closes it when it goes.
public struct Descriptor: ~Copyable, Sendable {
    /// The number the kernel knows it by.
    public let raw: Int32

    /// Takes ownership of `raw`, the result of the system call `call`.
    /// - Throws: `SystemError` with `errno` when `raw` is the -1 of a failed call.
    public init(_ raw: Int32, from call: String) throws(SystemError) {
        guard raw >= 0 else { throw SystemError.last(call) }
        self.raw = raw
    }

    deinit { _ = close(raw) }

    /// Gives the descriptor away; the caller closes it.
    public consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }
}
