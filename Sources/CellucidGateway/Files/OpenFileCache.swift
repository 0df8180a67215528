import Bytes
import HTTP
import Reactor
import Server

/// The files that one event loop has open or in memory, and the paths it knows not to exist.
///
/// An entry is believed for ``validMilliseconds``; then one request opens the path anew and compares, while the
/// others go on with what is there. A changed dataset has another serial number, so its old entries are
/// never found again and fall out.
final class OpenFileCache {
    /// What a path leads to.
    enum Lookup {
        case file(CachedFile)
        case directory
        case notFound
        case forbidden
        case failed(SystemError)
    }

    /// How long an entry is believed.
    static let validMilliseconds: Int64 = 2000

    /// How much one event loop may keep.
    struct Budget: Sendable {
        /// Paths, those included that lead nowhere.
        var entries = 32_768
        /// Bytes of file content in memory.
        var bytes = 128 * 1024 * 1024
        /// Open descriptors.
        ///
        /// Kept to roughly: a few more may be open for a while.
        var descriptors = 512
    }

    private struct Key: Hashable {
        let serial: UInt64
        let path: BytesKey
    }

    private final class Entry {
        var lookup: Lookup
        var checkedAt: Int64
        var isReferenced = true
        var place = 0
        var memoryBytes = 0
        var descriptorCount = 0

        init(_ lookup: Lookup, checkedAt: Int64) {
            self.lookup = lookup
            self.checkedAt = checkedAt
            measure()
        }

        func measure() {
            guard case .file(let file) = lookup else {
                memoryBytes = 0
                descriptorCount = 0
                return
            }
            memoryBytes = file.memoryBytes
            descriptorCount = file.descriptorCount
        }
    }

    private let context: WorkerContext
    private let budget: Budget

    private var entries: [Key: Entry] = [:]
    /// All keys in a ring; the hand goes round it and gives entries that were used since a second chance.
    private var ring: [Key] = []
    private var hand = 0
    private var bytes = 0
    private var descriptors = 0

    init(context: WorkerContext, budget: Budget) {
        self.context = context
        self.budget = budget
    }

    /// What `path[range]` leads to beneath a dataset's directory.
    ///
    /// Waits only when it is not known.
    func lookup(_ dataset: ServedDataset, _ path: [UInt8], _ range: Range<Int>) async -> Lookup {
        let key = Key(serial: dataset.serial, path: BytesKey(path, range))
        guard let entry = entries[key] else { return await load(dataset, key) }
        entry.isReferenced = true
        let now = context.loop.now
        if now - entry.checkedAt < Self.validMilliseconds { return entry.lookup }
        // Those that come while this request looks at the disk are answered with what is there.
        entry.checkedAt = now
        return await revalidate(dataset, key, entry)
    }

    /// The file that `path[range]` leads to, if that is known and need not be looked at again.
    func freshFile(_ dataset: ServedDataset, _ path: [UInt8], _ range: Range<Int>) -> CachedFile? {
        guard let entry = entries[Key(serial: dataset.serial, path: BytesKey(path, range))],
            context.loop.now - entry.checkedAt < Self.validMilliseconds, case .file(let file) = entry.lookup
        else { return nil }
        entry.isReferenced = true
        return file
    }

    /// Forgets an entry whose file has changed.
    func remove(_ dataset: ServedDataset, _ path: [UInt8], _ range: Range<Int>) {
        remove(Key(serial: dataset.serial, path: BytesKey(path, range)))
    }

    /// Counts an entry's memory anew, after its gzip coding was made.
    func contentChanged(_ dataset: ServedDataset, _ path: [UInt8], _ range: Range<Int>) {
        guard let entry = entries[Key(serial: dataset.serial, path: BytesKey(path, range))] else { return }
        bytes -= entry.memoryBytes
        entry.measure()
        bytes += entry.memoryBytes
        evict()
    }

    private func load(_ dataset: ServedDataset, _ key: Key) async -> Lookup {
        let owned = Key(serial: key.serial, path: BytesKey(copying: key.path.span))
        let outcome = await open(dataset, owned)
        let lookup = cached(outcome, owned)
        if case .failed = lookup { return lookup }
        if let entry = entries[owned] {
            // Another request of this loop was faster; its entry stays.
            return entry.lookup
        }
        let entry = Entry(lookup, checkedAt: context.loop.now)
        entry.place = ring.count
        ring.append(owned)
        entries[owned] = entry
        bytes += entry.memoryBytes
        descriptors += entry.descriptorCount
        evict()
        return lookup
    }

    private func revalidate(_ dataset: ServedDataset, _ key: Key, _ entry: Entry) async -> Lookup {
        let owned = Key(serial: key.serial, path: BytesKey(copying: key.path.span))
        let outcome = await open(dataset, owned)
        if case .file(let opened, _) = outcome, case .file(let known) = entry.lookup,
            opened.version == known.version
        {
            return entry.lookup
        }
        let lookup = cached(outcome, owned)
        if case .failed = lookup { return lookup }
        guard entries[owned] === entry else { return lookup }
        bytes -= entry.memoryBytes
        descriptors -= entry.descriptorCount
        entry.lookup = lookup
        entry.measure()
        bytes += entry.memoryBytes
        descriptors += entry.descriptorCount
        return lookup
    }

    private func open(_ dataset: ServedDataset, _ key: Key) async -> FileLoader.Outcome {
        let path = key.path.span.copied()
        return await context.blockingPool.run {
            dataset.withDirectory { FileLoader.load(path, beneath: $0) }
        }
    }

    private func cached(_ outcome: FileLoader.Outcome, _ key: Key) -> Lookup {
        switch outcome {
        case .file(let file, let content):
            let kept: FileContent = content.map { .memory($0) } ?? .file(file)
            let type = MediaType.forPath(key.path.span)
            return .file(CachedFile(version: file.version, content: kept, mediaType: type))
        case .directory: return .directory
        case .notFound: return .notFound
        case .forbidden: return .forbidden
        case .failed(let error): return .failed(error)
        }
    }

    /// Entries looked at for each new one, so that making room costs the same however much is kept.
    private static let evictionSteps = 64

    private func evict() {
        for _ in 0..<Self.evictionSteps {
            let isFull = entries.count > budget.entries || bytes > budget.bytes
            guard isFull || descriptors > budget.descriptors, !ring.isEmpty else { return }
            if hand >= ring.count { hand = 0 }
            guard let entry = entries[ring[hand]] else { preconditionFailure("the ring holds every key") }
            // Making room for descriptors spares what holds none.
            if !isFull && entry.descriptorCount == 0 {
                hand += 1
            } else if entry.isReferenced {
                entry.isReferenced = false
                hand += 1
            } else {
                remove(ring[hand])
            }
        }
    }

    private func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        bytes -= entry.memoryBytes
        descriptors -= entry.descriptorCount
        let last = ring.count - 1
        if entry.place != last {
            ring[entry.place] = ring[last]
            entries[ring[last]]?.place = entry.place
        }
        ring.removeLast()
    }
}
