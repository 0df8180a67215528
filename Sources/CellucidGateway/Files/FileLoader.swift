import Bytes
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
        return file.read(0..<file.size, into: buffer) ? buffer.unread.copied() : nil
    }
}
