import Glibc

/// Reading and writing files; everything waits for the disk.
extension Descriptor {
    /// Bytes of a file from a place on.
    /// - Parameters:
    ///   - count: how many, at most.
    ///   - offset: of the first, from the file's begin.
    /// - Returns: so many; fewer only when the file ends before.
    /// - Throws: `SystemError` when they cannot be read.
    public borrowing func read(atMost count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        let raw = raw
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                while filled < count {
                    let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                    let place = off_t(offset + filled)
                    let got = try SystemCall.retrying("pread") {
                        unsafe pread(raw, rest.baseAddress, rest.count, place)
                    }
                    if got == 0 { return }
                    filled += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes from a place on.
    /// - Parameters:
    ///   - bytes: what to write.
    ///   - offset: where the first goes, from the file's begin.
    /// - Throws: `SystemError` when some could not be written; others may have been.
    public borrowing func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        let raw = raw
        var written = 0
        while written < bytes.count {
            let place = off_t(offset + written)
            let rest = bytes.extracting(written..<bytes.count)
            let moved = try unsafe rest.withUnsafeBytes { buffer throws(SystemError) in
                try SystemCall.retrying("write") {
                    unsafe pwrite(raw, buffer.baseAddress, buffer.count, place)
                }
            }
            guard moved > 0 else { throw SystemError(code: EIO, call: "write") }
            written += moved
        }
    }

    /// Waits until what was written, or the names in a directory, are on the disk.
    public borrowing func synchronize() throws(SystemError) {
        let raw = raw
        _ = try SystemCall.retrying("fsync") { fsync(raw) }
    }

    /// Waits until what was written, and the file's size, are on the disk.
    public borrowing func synchronizeData() throws(SystemError) {
        let raw = raw
        _ = try SystemCall.retrying("fdatasync") { fdatasync(raw) }
    }

    /// Cuts the file off.
    public borrowing func truncate(to size: Int) throws(SystemError) {
        let raw = raw
        _ = try SystemCall.retrying("ftruncate") { ftruncate(raw, off_t(size)) }
    }
}
