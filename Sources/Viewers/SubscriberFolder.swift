import Codecs
import Glibc
import Reactor
import Synchronization

/// One subscriber on the disk: a folder with what it is known by, and the log of its viewer in a folder below.
///
/// The log is only open while it is used, so that idle viewers hold no descriptors.
final class SubscriberFolder: Sendable {
    private struct State: Sendable {
        var log: EventLog?
        var isClosed = false
        /// When the viewer was last used, Unix time in milliseconds.
        var used: Int64
        /// The same as the disk has it.
        var stamp: Int64
        /// The requests for session bundles that the disk has.
        var requests: [SessionRequestRecord]
    }

    private static let recordName = "subscriber"
    private static let temporaryName = "subscriber.part"
    private static let logName = "events"
    /// No record has more bytes.
    private static let mostRecordBytes = 1024
    /// How long a log stays open without being used, milliseconds.
    private static let openMilliseconds: Int64 = 60_000

    let record: SubscriberRecord
    private let path: String
    private let state: Mutex<State>

    private init(
        _ record: SubscriberRecord,
        _ path: String,
        used: Int64,
        requests: [SessionRequestRecord] = []
    ) {
        self.record = record
        self.path = path
        state = Mutex(State(used: used, stamp: used, requests: requests))
    }

    /// The name of a viewer's folder: 64 hexadecimal digits, since the identifier can contain anything.
    static func name(_ id: ViewerID) -> String { SHA256.hexDigest(of: Array(id.text.utf8)) }

    /// Whether a folder can be one of a viewer.
    static func isName(_ name: String) -> Bool { SecretHash(hexDigest: name) != nil }

    // MARK: Making and opening

    /// Makes the folder of a subscriber; what is there already is removed.
    static func make(
        _ record: SubscriberRecord,
        in parent: String
    ) throws(ViewerStoreError) -> SubscriberFolder {
        let path = "\(parent)/\(name(record.id))"
        try removeFiles(path)
        let folder = try StoreFolder(making: path)
        do throws(ViewerStoreError) {
            let file = try folder.open(temporaryName, O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(record.bytes.span, at: 0, folder.path(temporaryName))
            try file.synchronizeData(folder.path(temporaryName))
            try folder.setTime(temporaryName, unixMilliseconds: record.created)
            try folder.rename(temporaryName, to: recordName)
            try folder.synchronize()
        } catch {
            try? folder.removeAll()
            throw error
        }
        return SubscriberFolder(record, path, used: record.created)
    }

    /// Opens the folder `name`.
    /// - Returns: `nil` when it holds no subscriber: its making or removing was interrupted, or it is damaged.
    static func open(_ name: String, in parent: String) throws(ViewerStoreError) -> SubscriberFolder? {
        let path = "\(parent)/\(name)"
        let folder = try StoreFolder(making: path)
        guard let file = try folder.openIfThere(recordName),
            let version = FileVersion.of(descriptor: file.raw), version.size <= UInt64(mostRecordBytes),
            let bytes = file.read(Int(version.size), at: 0), let record = SubscriberRecord(bytes),
            self.name(record.id) == name
        else { return nil }
        let used = max(record.created, version.modified / 1_000_000)
        let requests = ((try? folder.names()) ?? []).compactMap { SessionRequestRecord(fileName: $0) }
        return SubscriberFolder(record, path, used: used, requests: requests)
    }

    /// Removes a viewer's folder, if it is there, that nothing has open.
    static func removeFiles(_ path: String) throws(ViewerStoreError) {
        guard let folder = try StoreFolder.ifThere(path) else { return }
        // Without its record, what is left is no subscriber any more.
        try folder.remove(recordName)
        try StoreFolder.ifThere("\(path)/\(logName)")?.removeAll()
        try folder.removeAll()
    }

    // MARK: Using

    /// When the viewer was last used, Unix time in milliseconds.
    var lastUsed: Int64 { state.withLock { $0.used } }

    /// Notes that the viewer is used; the disk is told by ``sweep(_:)``.
    func noteUse(_ now: Int64) { state.withLock { $0.used = max($0.used, now) } }

    /// The log, which is opened if need be.
    func log(_ limits: EventLog.Limits, _ now: Int64) throws(ViewerStoreError) -> EventLog {
        try state.withLock { state throws(ViewerStoreError) in
            guard !state.isClosed else { throw closed }
            state.used = max(state.used, now)
            if let log = state.log { return log }
            try requireRecord()
            let log = try EventLog(folder: "\(path)/\(Self.logName)", limits: limits)
            try log.trim(unixMilliseconds: now)
            state.log = log
            return log
        }
    }

    /// Makes sure that nobody has removed the folder: one that is made anew would be that of no subscriber.
    private func requireRecord() throws(ViewerStoreError) {
        guard unsafe access("\(path)/\(Self.recordName)", F_OK) == 0 else {
            throw ViewerStoreError(path, "it was removed while it was in use", kind: .removed)
        }
    }

    private var closed: ViewerStoreError {
        ViewerStoreError(path, "the viewer has been closed", kind: .closed)
    }

    // MARK: Requests for session bundles

    /// The requests that are kept.
    var requests: [SessionRequestRecord] { state.withLock { $0.requests } }

    /// Keeps a request, and returns when it is on the disk.
    func keep(_ request: SessionRequestRecord) throws(ViewerStoreError) {
        try state.withLock { state throws(ViewerStoreError) in
            guard !state.isClosed else { throw closed }
            try requireRecord()
            let folder = try StoreFolder(making: path)
            let name = request.fileName
            let file = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL)
            do throws(ViewerStoreError) {
                try file.synchronizeData(folder.path(name))
                try folder.synchronize()
            } catch {
                try? folder.remove(name)
                throw error
            }
            state.requests.append(request)
        }
    }

    /// Removes a request, if it is kept, and returns when the disk knows.
    func drop(_ requestID: ViewerID) throws(ViewerStoreError) {
        try state.withLock { state throws(ViewerStoreError) in
            guard !state.isClosed, let index = state.requests.firstIndex(where: { $0.requestID == requestID })
            else { return }
            let request = state.requests.remove(at: index)
            guard let folder = try StoreFolder.ifThere(path) else { return }
            try folder.remove(request.fileName)
            try folder.synchronize()
        }
    }

    // MARK: Forgetting

    /// Tells the disk when the viewer was last used, and closes the log if that is a while ago; removes from an
    /// open one what is too old.
    func sweep(_ now: Int64) throws(ViewerStoreError) {
        try state.withLock { state throws(ViewerStoreError) in
            guard !state.isClosed else { return }
            // Whoever follows the log has it too; a second one could not be opened beside it.
            let isFollowed = state.log != nil && !isKnownUniquelyReferenced(&state.log)
            if isFollowed { state.used = max(state.used, now) }
            if state.used > state.stamp {
                try StoreFolder.ifThere(path)?.setTime(Self.recordName, unixMilliseconds: state.used)
                state.stamp = state.used
            }
            if now - state.used >= Self.openMilliseconds { state.log = nil }
            try state.log?.trim(unixMilliseconds: now)
        }
    }

    /// Removes everything; whoever uses the log gets errors of kind `.closed`.
    func remove() throws(ViewerStoreError) {
        try state.withLock { state throws(ViewerStoreError) in
            state.isClosed = true
            try StoreFolder.ifThere(path)?.remove(Self.recordName)
            try state.log.take()?.remove()
            try Self.removeFiles(path)
        }
    }
}
