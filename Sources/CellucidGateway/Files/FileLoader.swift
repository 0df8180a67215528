import Bytes
import Glibc
import Reactor
import Server

/// Opening a file and reading it if it is small: what may block, done off the event loops.
enum FileLoader {
    /// Files up to this size are kept in memory.
    static let memoryBytes: UInt64 = 64 * 1024

    /// What loading a path gave.
    enum Outcome: Sendable {
        /// A file; `content` is there when it is small.
        case file(OpenFile, content: [UInt8]?)
        case directory
        case notFound
        case forbidden
        case failed(SystemError)
    }

    /// Loads `path` beneath `directory`.
    static func load(_ path: [UInt8], beneath directory: Int32) -> Outcome {
        switch OpenBeneath.open(path, beneath: directory) {
        case .file(let descriptor, let version):
            let file = OpenFile(descriptor, version: version)
            guard version.size <= memoryBytes else { return .file(file, content: nil) }
            // A file that changes while it is read is served by descriptor, which notices.
            guard let content = read(file), file.isUnchanged else { return .file(file, content: nil) }
            return .file(file, content: content)
        case .directory: return .directory
        case .notFound: return .notFound
        case .forbidden: return .forbidden
        case .failed(let error): return .failed(error)
        }
    }

    /// All bytes of an open file, or `nil` when it cannot be read whole.
    static func read(_ file: OpenFile) -> [UInt8]? {
        let buffer = ByteBuffer(capacity: max(1, Int(file.size)))
        return read(file, 0..<file.size, into: buffer) ? buffer.unread.copied() : nil
    }

    /// Appends a part of a file to `buffer`.
    /// - Returns: `false` when the file has fewer bytes than that.
    static func read(_ file: OpenFile, _ range: Range<UInt64>, into buffer: ByteBuffer) -> Bool {
        buffer.reserve(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(range.upperBound - offset)
            let count = unsafe buffer.withFreeBytes { room in
                unsafe pread(file.descriptor, room.baseAddress, min(room.count, wanted), off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += UInt64(count)
        }
        return true
    }
}
