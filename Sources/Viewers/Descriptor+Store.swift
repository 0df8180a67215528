import Glibc
import Reactor

/// Reading and writing parts of files, with errors that name them.
extension Descriptor {
    /// Writes all bytes from a place on; `path` is for messages.
    borrowing func write(
        _ bytes: Span<UInt8>,
        at offset: Int,
        _ path: String
    ) throws(ViewerStoreError) {
        do throws(SystemError) { try write(bytes, at: offset) } catch { throw ViewerStoreError(path, error) }
    }

    /// Bytes from a place on.
    /// - Returns: so many as asked for, or `nil` when the file ends before or the disk cannot read it.
    borrowing func read(_ count: Int, at offset: Int) -> [UInt8]? {
        guard let bytes = try? read(atMost: count, at: offset), bytes.count == count else { return nil }
        return bytes
    }

    /// Waits until what was written, and the file's size, are on the disk.
    borrowing func synchronizeData(_ path: String) throws(ViewerStoreError) {
        do throws(SystemError) { try synchronizeData() } catch { throw ViewerStoreError(path, error) }
    }

    /// Makes sure that the file or folder still has a name: what is written to one without is lost.
    /// - Throws: `ViewerStoreError` of kind `.removed` when it has none.
    borrowing func requireName(_ path: String) throws(ViewerStoreError) {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { throw .last(path, "fstat") }
        guard status.st_nlink > 0 else {
            throw ViewerStoreError(path, "it was removed while it was in use", kind: .removed)
        }
    }

    /// Cuts the file off.
    borrowing func truncate(to size: Int, _ path: String) throws(ViewerStoreError) {
        do throws(SystemError) { try truncate(to: size) } catch { throw ViewerStoreError(path, error) }
    }
}
