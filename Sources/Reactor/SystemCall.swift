import Glibc

/// System calls that a signal may interrupt.
public enum SystemCall {
    /// Makes a call, and again as long as a signal interrupts it (`EINTR`).
    /// - Parameters:
    ///   - name: of the call, as in its manual page.
    ///   - call: makes it; negative when it has failed, with the reason in `errno`.
    /// - Returns: what the call returned, never negative.
    /// - Throws: `SystemError` when it failed otherwise.
    public static func retrying<Result: SignedInteger>(
        _ name: String,
        _ call: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            guard errno == EINTR else { throw .last(name) }
        }
    }
}
