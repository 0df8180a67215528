import Glibc
import Reactor

/// Reading and writing parts of files.
extension Descriptor {
    /// Writes all bytes from a place on; `path` is for messages.
    borrowing func write(
        _ bytes: Span<UInt8>,
        at offset: Int,
        _ path: String
    ) throws(ViewerStoreError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            let moved = unsafe rest.withUnsafeBytes { buffer in
                unsafe pwrite(raw, buffer.baseAddress, buffer.count, off_t(offset + written))
            }
            if moved < 0 && errno == EINTR { continue }
            guard moved > 0 else { throw .last(path, "write") }
            written += moved
        }
    }

    /// Bytes from a place on.
    /// - Returns: so many as asked for, or `nil` when the file ends before or the disk cannot read it.
    borrowing func read(_ count: Int, at offset: Int) -> [UInt8]? {
        let raw = raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let room = unsafe buffer.baseAddress.map { unsafe $0 + filled }
                let moved = unsafe pread(raw, room, count - filled, off_t(offset + filled))
                if moved < 0 && errno == EINTR { continue }
                guard moved > 0 else { return }
                filled += moved
            }
        }
        return bytes.count == count ? bytes : nil
    }

    /// Waits until what was written, and the file's size, are on the disk.
    borrowing func synchronizeData(_ path: String) throws(ViewerStoreError) {
        while fdatasync(raw) != 0 {
            guard errno == EINTR else { throw .last(path, "fdatasync") }
        }
    }

    /// Cuts the file off.
    borrowing func truncate(to size: Int, _ path: String) throws(ViewerStoreError) {
        while ftruncate(raw, off_t(size)) != 0 {
            guard errno == EINTR else { throw .last(path, "ftruncate") }
        }
    }
}
