import Glibc
import Reactor
import Synchronization

/// Session bundles between the page that uploads and the subscriber that fetches them, on the disk.
///
/// A bundle is written to a temporary file in pieces, and gets its name when it is complete and on the disk. It
/// is fetched once, or goes when its time is over. Bundles survive the end of the process; what it left half
/// written is removed when the spool is opened again.
///
/// All calls wait for the disk, and any thread may make them. One spool at a time can have a folder.
public final class SessionSpool: Sendable {
    /// What may be kept.
    public struct Limits: Sendable, Equatable {
        /// The most bytes of all bundles, those that are just arriving with what they announced.
        public var mostBytes: Int
        /// How long a bundle waits to be fetched, milliseconds.
        public var mostMilliseconds: Int64

        /// Sets limits: 4 GiB and an hour unless told otherwise.
        public init(mostBytes: Int = 4 << 30, mostMilliseconds: Int64 = 3_600_000) {
            self.mostBytes = mostBytes
            self.mostMilliseconds = mostMilliseconds
        }
    }

    /// The most bytes of a bundle (contract 1.9).
    public static let mostBundleBytes = 536_870_912
    /// What a bundle begins with (contract 3.4).
    public static let magic = Array("CELLUCID_SESSION\n".utf8)

    /// A bundle that is there, as it is known by the digest of its key.
    struct Entry: Sendable {
        let name: String
        let viewer: String
        let session: StoredSession
        /// Whether somebody is fetching it.
        var isClaimed = false
    }

    struct State: Sendable {
        var entries: [String: Entry] = [:]
        /// Bytes of the bundles, and those that arriving ones announced.
        var bytes = 0
        var nextNumber = 0
    }

    private static let temporarySuffix = ".part"

    let folder: StoreFolder
    let limits: Limits
    let state: Mutex<State>

    /// Opens the spool in a folder, which is made when it is not there.
    /// - Parameters:
    ///   - path: the folder; it belongs to the spool.
    ///   - limits: what may be kept.
    /// - Throws: `ViewerStoreError` with the file at fault, of kind `.inUse` when another spool has the folder.
    public init(folder path: String, limits: Limits = Limits()) throws(ViewerStoreError) {
        self.limits = limits
        folder = try StoreFolder(making: path)
        try folder.requireWritable()
        var found = State()
        for name in try folder.names() {
            if name.hasSuffix(Self.temporarySuffix) {
                try folder.remove(name)
            } else if let (key, entry) = try Self.inspect(name, in: folder) {
                let other = found.entries[key]
                // Of two for one key, the earlier one was about to be removed.
                if let other, other.session.expires > entry.session.expires {
                    try folder.remove(name)
                    continue
                }
                if let other {
                    try folder.remove(other.name)
                    found.bytes -= other.session.count
                }
                found.entries[key] = entry
                found.bytes += entry.session.count
            }
        }
        state = Mutex(found)
    }

    /// What a file of the folder holds; `nil` when it is no bundle.
    private static func inspect(
        _ name: String,
        in folder: StoreFolder
    ) throws(ViewerStoreError) -> (key: String, Entry)? {
        guard let parts = StoredSession.parts(ofName: name), let file = try folder.openIfThere(name),
            let size = FileVersion.of(descriptor: file.raw)?.size, size <= UInt64(mostBundleBytes)
        else { return nil }
        let session = StoredSession(count: Int(size), sha256: parts.sha256, expires: parts.expires)
        return (parts.key, Entry(name: name, viewer: parts.viewer, session: session))
    }

    /// Makes sure that nobody has removed the folder since it was opened; a spool without is of no use any more.
    /// - Throws: `ViewerStoreError` of kind `.removed` when somebody has.
    public func requireFolder() throws(ViewerStoreError) { try folder.requireName() }

    /// Bytes of all bundles, those that are just arriving with what they announced.
    public var byteCount: Int { state.withLock { $0.bytes } }

    // MARK: Receiving

    /// Begins to receive a bundle, which takes the place of one of the same key when it is complete.
    /// - Parameters:
    ///   - key: which.
    ///   - announced: its bytes as the upload's `Content-Length` says; `nil` without one.
    /// - Returns: what takes its pieces.
    /// - Throws: `SessionUploadError` when the length is missing or too large, or there is no room.
    public func begin(_ key: SessionKey, announced: Int?) throws(SessionUploadError) -> SessionUpload {
        guard let announced, announced > 0 else { throw .lengthRequired }
        guard announced <= Self.mostBundleBytes else { throw .tooLarge }
        do throws(ViewerStoreError) {
            let number = try reserve(announced)
            let name = "\(number)\(Self.temporarySuffix)"
            do throws(ViewerStoreError) {
                try requireFolder()
                guard try folder.freeBytes() >= UInt64(announced) else {
                    throw ViewerStoreError(folder.path, "the disk has no room for a bundle", kind: .diskFull)
                }
                let file = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL)
                return SessionUpload(key, announced: announced, file, name: name, spool: self)
            } catch {
                release(announced)
                throw error
            }
        } catch {
            throw .store(error)
        }
    }

    private func reserve(_ bytes: Int) throws(ViewerStoreError) -> Int {
        try state.withLock { state throws(ViewerStoreError) in
            guard state.bytes + bytes <= limits.mostBytes else {
                let reason = "bundles have more than \(limits.mostBytes) bytes together"
                throw ViewerStoreError(folder.path, reason, kind: .diskFull)
            }
            state.bytes += bytes
            state.nextNumber += 1
            return state.nextNumber
        }
    }

    /// Gives back what an upload that failed had announced.
    func release(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    /// Gives a complete upload, which is on the disk, its name.
    func store(
        _ temporary: String,
        _ key: SessionKey,
        count: Int,
        sha256: String,
        now: Int64
    ) throws(ViewerStoreError) -> StoredSession {
        let session = StoredSession(count: count, sha256: sha256, expires: now + limits.mostMilliseconds)
        let entry = Entry(
            name: session.name(key),
            viewer: SessionKey.viewerDigest(key.viewerID),
            session: session
        )
        try folder.rename(temporary, to: entry.name)
        do throws(ViewerStoreError) {
            try folder.synchronize()
        } catch {
            try? folder.remove(entry.name)
            throw error
        }
        let replaced = state.withLock { state in state.entries.updateValue(entry, forKey: key.digest) }
        if let replaced { discard(replaced, unlessNamed: entry.name) }
        return session
    }

    // MARK: Fetching

    /// Opens a bundle for the one fetch that it is there for.
    /// - Parameters:
    ///   - key: which.
    ///   - now: the time, Unix time in milliseconds.
    /// - Returns: `nil` when there is none, no more, or somebody else is fetching it.
    /// - Throws: `ViewerStoreError` when it cannot be read.
    public func fetch(_ key: SessionKey, unixMilliseconds now: Int64) throws(ViewerStoreError)
        -> SessionFetch?
    {
        let digest = key.digest
        let claimed: Entry? = state.withLock { state in
            guard let entry = state.entries[digest], !entry.isClaimed, entry.session.expires > now else {
                return nil
            }
            state.entries[digest]?.isClaimed = true
            return entry
        }
        guard let claimed else { return nil }
        do throws(ViewerStoreError) {
            if let file = try folder.openIfThere(claimed.name) {
                return SessionFetch(claimed, key: digest, file, spool: self)
            }
        } catch {
            endFetch(claimed, key: digest, isDelivered: false)
            throw error
        }
        endFetch(claimed, key: digest, isDelivered: true)
        return nil
    }

    /// Ends a fetch: the bundle is removed, or can be fetched again.
    func endFetch(_ entry: Entry, key: String, isDelivered: Bool) {
        let removed: Entry? = state.withLock { state in
            // Meanwhile another one can have taken its place.
            guard state.entries[key]?.name == entry.name else { return nil }
            if isDelivered { return state.entries.removeValue(forKey: key) }
            state.entries[key]?.isClaimed = false
            return nil
        }
        if let removed { discard(removed, unlessNamed: nil) }
    }

    // MARK: Removing

    /// Removes the bundles whose time is over; one that is being fetched is removed when that has ended.
    /// - Parameter now: the time, Unix time in milliseconds.
    /// - Returns: how many.
    @discardableResult
    public func sweep(unixMilliseconds now: Int64) -> Int {
        remove { $0.session.expires <= now && !$0.isClaimed }
    }

    /// Removes all bundles of a viewer.
    /// - Returns: how many.
    @discardableResult
    public func remove(viewerID: ViewerID) -> Int {
        let viewer = SessionKey.viewerDigest(viewerID)
        return remove { $0.viewer == viewer }
    }

    /// Removes a bundle, if it is there.
    public func remove(_ key: SessionKey) {
        let removed = state.withLock { $0.entries.removeValue(forKey: key.digest) }
        if let removed { discard(removed, unlessNamed: nil) }
    }

    private func remove(_ isMeant: (Entry) -> Bool) -> Int {
        let removed = state.withLock { state in
            let removed = state.entries.filter { isMeant($0.value) }
            for key in removed.keys { state.entries[key] = nil }
            return Array(removed.values)
        }
        for entry in removed { discard(entry, unlessNamed: nil) }
        return removed.count
    }

    /// Removes the file of a bundle that is no longer listed.
    ///
    /// What cannot be removed now is listed again when the spool is next opened, and goes when its time is over.
    private func discard(_ entry: Entry, unlessNamed name: String?) {
        if entry.name != name { try? folder.remove(entry.name) }
        release(entry.session.count)
    }
}
