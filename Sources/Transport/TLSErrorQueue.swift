import COpenSSL
import Glibc

/// OpenSSL's per-thread queue of errors, read as short text.
enum TLSErrorQueue {
    /// Empties the queue, so that what is found in it after the next call belongs to that call.
    static func clear() {
        ERR_clear_error()
    }

    /// The reason of the oldest queued error, which is the cause of those queued after it; empties the queue.
    static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "unknown reason" }
        if let text = unsafe ERR_reason_error_string(code) { return unsafe String(cString: text) }
        // System errors have no text of their own in OpenSSL 3; their low bits are an errno.
        let number = Int32(truncatingIfNeeded: code & 0x7fff_ffff)
        return systemReason(number)
    }

    /// The system's text for `number`, an errno.
    static func systemReason(_ number: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, unsafe strerror_r(number, base, buffer.count) == 0 else {
                return "error \(number)"
            }
            return unsafe String(cString: base)
        }
    }
}
