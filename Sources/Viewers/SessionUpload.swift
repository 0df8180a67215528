import Codecs
import Reactor
import Synchronization

/// A session bundle that is just arriving.
///
/// One caller at a time gives it the pieces in their order. If it goes without having been finished, or anything
/// fails, its temporary file goes too.
public final class SessionUpload: Sendable {
    private struct State: ~Copyable {
        var file: Descriptor?
        var hash = SHA256()
        var received = 0
        /// The first bytes, until they can be compared.
        var begin: [UInt8] = []
    }

    /// Bytes that it will have.
    public let announced: Int
    private let key: SessionKey
    private let name: String
    private let spool: SessionSpool
    private let state: Mutex<State>

    init(
        _ key: SessionKey,
        announced: Int,
        _ file: consuming Descriptor,
        name: String,
        spool: SessionSpool
    ) {
        self.key = key
        self.announced = announced
        self.name = name
        self.spool = spool
        state = Mutex(State(file: consume file))
    }

    deinit { cancel() }

    /// Takes the next bytes.
    /// - Parameter bytes: any number; pieces of 64 KiB to 1 MiB cost least.
    /// - Throws: `SessionUploadError` when they are more than was announced, do not begin a session bundle, or
    ///   cannot be written. The upload is over then.
    public func append(_ bytes: Span<UInt8>) throws(SessionUploadError) {
        do throws(SessionUploadError) {
            try state.withLock { state throws(SessionUploadError) in
                try self.append(bytes, &state)
            }
        } catch {
            cancel()
            throw error
        }
    }

    /// Ends the upload when all bytes were given: waits until they are on the disk.
    /// - Parameter now: the time, Unix time in milliseconds.
    /// - Returns: the bundle, which can be fetched from now on.
    /// - Throws: `SessionUploadError` when bytes are missing or cannot be written. The upload is over then.
    public func finish(unixMilliseconds now: Int64) throws(SessionUploadError) -> StoredSession {
        defer { cancel() }
        return try state.withLock { state throws(SessionUploadError) in
            guard state.received >= SessionSpool.magic.count else { throw .noMagic }
            guard state.received == announced else {
                throw .short(received: state.received, announced: announced)
            }
            do throws(ViewerStoreError) {
                guard try state.file?.synchronizeData(path) != nil else { throw closed }
                var hash = SHA256()
                swap(&hash, &state.hash)
                let sha256 = hash.hexDigest()
                let stored = try spool.store(name, key, count: announced, sha256: sha256, now: now)
                state.file = nil
                return stored
            } catch {
                throw .store(error)
            }
        }
    }

    /// Gives the upload up; nothing happens when it is over already.
    public func cancel() {
        let wasOpen = state.withLock { state in state.file.take() != nil }
        guard wasOpen else { return }
        try? spool.folder.remove(name)
        spool.release(announced)
    }

    private var path: String { spool.folder.path(name) }
    private var closed: ViewerStoreError { ViewerStoreError(path, "the upload is over", kind: .closed) }

    private func append(_ bytes: Span<UInt8>, _ state: inout State) throws(SessionUploadError) {
        guard bytes.count <= announced - state.received else { throw .long(announced: announced) }
        let magic = SessionSpool.magic
        if state.begin.count < magic.count {
            for index in 0..<min(bytes.count, magic.count - state.begin.count) {
                state.begin.append(bytes[index])
            }
            guard state.begin.count < magic.count || state.begin == magic else { throw .wrongMagic }
        }
        state.hash.update(bytes)
        do throws(ViewerStoreError) {
            guard try state.file?.write(bytes, at: state.received, path) != nil else { throw closed }
        } catch {
            throw .store(error)
        }
        state.received += bytes.count
    }
}
