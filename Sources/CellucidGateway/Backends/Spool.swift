import Bytes
import Glibc
import Reactor
import Server
import Upstream

/// Bytes that are collected before they go on: in memory, or in a nameless file when they are many.
///
/// For servers that handle one connection at a time: what goes to them must be complete before they are asked, and what
/// they answer must be taken at full speed, however slow the client is. It belongs to one event loop.
final class Spool {
    /// The bytes cannot be kept.
    struct Failure: Error {
        /// Why, for clients.
        let reason: String
        /// Why, with the folders, for the log; `nil` when it is not the system's failure.
        var detail: String?

        /// The system has failed.
        init(detail: String) {
            reason = "the gateway cannot keep so many bytes; its log says why"
            self.detail = detail
        }

        /// Something else has.
        init(reason: String) { self.reason = reason }
    }

    /// The most bytes in memory.
    static let memoryBytes = 512 * 1024
    /// The most bytes at all: no dataset has files of that size, and a server that never ends must not fill the disk.
    static let mostBytes: UInt64 = 16 << 30

    private let folders: [String]
    private let pool: BlockingPool
    private var memory: [UInt8] = []
    private var file: SpoolFile?

    /// Bytes that were collected.
    private(set) var count: UInt64 = 0

    /// - Parameters:
    ///   - folders: where a file is made: in the first one in which that is possible.
    ///   - pool: where the disk is waited for.
    init(folders: [String], pool: BlockingPool) {
        self.folders = folders
        self.pool = pool
    }

    /// Takes all of `bytes`.
    func append(_ bytes: ByteBuffer) async throws(Failure) {
        count += UInt64(bytes.count)
        guard count <= Self.mostBytes else {
            throw Failure(reason: "there are more than \(Self.mostBytes) bytes")
        }
        memory += bytes.unread.copied()
        bytes.removeAll()
        if memory.count > Self.memoryBytes { try await write() }
    }

    /// Ends collecting.
    /// - Returns: everything.
    func finish() async throws(Failure) -> FileContent {
        guard file != nil else { return .memory(memory) }
        if !memory.isEmpty { try await write() }
        guard let file, let opened = file.opened() else {
            throw Failure(detail: "a temporary file cannot be read")
        }
        return .file(opened)
    }

    private func write() async throws(Failure) {
        let bytes = memory
        memory = []
        let folders = folders
        let existing = file
        let result: Result<SpoolFile, Failure> = await pool.run {
            do throws(Failure) {
                let file: SpoolFile
                if let existing { file = existing } else { file = try Self.makeFile(in: folders) }
                do throws(SystemError) { try file.append(bytes) } catch {
                    throw Failure(
                        detail: "cannot write to a temporary file in \(file.folder): \(error.reason)"
                    )
                }
                return .success(file)
            } catch {
                return .failure(error)
            }
        }
        file = try result.get()
    }

    private static func makeFile(in folders: [String]) throws(Failure) -> SpoolFile {
        var details: [String] = []
        for folder in folders {
            do throws(SystemError) { return try SpoolFile(folder: folder) } catch {
                details.append("\(folder): \(error.reason)")
            }
        }
        throw Failure(detail: "cannot make a temporary file (\(details.joined(separator: "; ")))")
    }
}

/// The nameless file of a spool.
final class SpoolFile: Sendable {
    /// Where it is.
    let folder: String
    private let descriptor: Descriptor

    /// Makes the folder too.
    init(folder: String) throws(SystemError) {
        self.folder = folder
        _ = unsafe mkdir(folder, 0o700)
        let path = "\(folder)/\(UInt64.random(in: 0 ... .max))"
        descriptor = unsafe try Descriptor(
            open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600),
            from: "open"
        )
        unsafe unlink(path)
    }

    /// Appends all of `bytes`; waits for the disk.
    func append(_ bytes: [UInt8]) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { span in
                unsafe Glibc.write(
                    descriptor.raw,
                    UnsafeRawBufferPointer(rebasing: span[offset...]).baseAddress,
                    bytes.count - offset
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError.last("write") }
            offset += count
        }
    }

    /// The file for reading.
    func opened() -> OpenFile? {
        let copy = fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, let version = FileVersion.of(descriptor: copy),
            let owned = try? Descriptor(copy, from: "fcntl")
        else { return nil }
        return OpenFile(owned, version: version)
    }
}

/// A request's body as it comes from the client.
final class RequestFeed: BodyFeed {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func next(into buffer: ByteBuffer) async throws -> Int { try await exchange.body.read(into: buffer) }

    func stop() { exchange.stopReceiving() }
}

/// A file as a request's body.
final class FileFeed: BodyFeed {
    private let file: OpenFile
    private var offset: UInt64 = 0

    init(_ file: OpenFile) { self.file = file }

    func next(into buffer: ByteBuffer) async throws -> Int {
        let count = min(file.size - offset, 256 * 1024)
        guard count > 0 else { return 0 }
        guard file.read(offset..<(offset + count), into: buffer) else {
            throw Spool.Failure(reason: "a temporary file has changed")
        }
        offset += count
        return Int(count)
    }

    func stop() {}
}
