import Bytes
import Codecs
public import Reactor
import Upstream

/// Fetches a whole build from its origin into a store.
///
/// Where the origin has an inventory with hashes, that says which files there are, and every file is verified.
/// Otherwise the files are found by reading: the page, and what it and everything found refers to. It belongs to the
/// loop of its connections.
public final class BuildFetcher {
    /// How far a fetch has come.
    public struct Progress: Sendable {
        /// Files that are there.
        public var files = 0
        /// Bytes of these.
        public var bytes: UInt64 = 0
        /// How many files there will be, when that is known.
        public var total: Int?
    }

    /// What came of a look at the origin.
    public enum Outcome: Sendable {
        /// The newest build is the one that is here.
        case unchanged
        /// It has been fetched, and is the current one.
        case fetched(Build)
    }

    /// The most bytes of a build.
    static let longestBuild: UInt64 = 1024 * 1024 * 1024
    /// The most files of a build.
    static let mostFiles = 10_000
    /// How often to begin again when the page changes meanwhile.
    static let attempts = 3
    /// Files of the root that pages do not always name.
    static let rootFiles = ["favicon.ico", "site.webmanifest", "browserconfig.xml"]

    let files: AssetFetcher
    let loop: EventLoop
    let blockingPool: BlockingPool
    let store: BuildStore
    let connections: Int
    let onProgress: (Progress) -> Void
    var progress = Progress()

    /// Prepares a fetch.
    /// - Parameters:
    ///   - files: fetches single files.
    ///   - store: where builds are kept.
    ///   - loop: the loop of the connections.
    ///   - blockingPool: where files are written.
    ///   - connections: how many files are fetched at the same time.
    ///   - onProgress: called on the loop when a file has come.
    public init(
        _ files: AssetFetcher,
        into store: BuildStore,
        loop: EventLoop,
        blockingPool: BlockingPool,
        connections: Int,
        onProgress: @escaping (Progress) -> Void
    ) {
        self.files = files
        self.store = store
        self.loop = loop
        self.blockingPool = blockingPool
        self.connections = connections
        self.onProgress = onProgress
    }

    /// Fetches the newest build unless it is here.
    /// - Parameter current: the build that is here; its files are not fetched again when the inventory says that they
    ///   are the same.
    /// - Returns: what came of it.
    /// - Throws: `BuildFetchError`; nothing has changed in the store then.
    public func run(current: Build?) async throws(BuildFetchError) -> Outcome {
        for _ in 0..<Self.attempts {
            progress = Progress()
            let page = try await page()
            let buildID = BuildIDMeta.read(from: page)
            let inventory = try await inventory(of: page)
            if let current, Self.isSame(current, page, buildID, inventory) { return .unchanged }
            let store = store
            let staged = try await stored { () throws(BuildStoreError) in try store.stage() }
            do throws(BuildFetchError) {
                if let inventory {
                    try await fetch(inventory, into: staged, page: page, current: current)
                } else {
                    try await walk(from: page, into: staged)
                    // What was read belongs together only if the page is still the one that it began with.
                    guard try await self.page() == page else {
                        staged.discard()
                        continue
                    }
                }
                let origin = files.origin.description
                let fetchedAt = loop.unixSeconds
                let build = try await stored { () throws(BuildStoreError) in
                    try staged.commit(
                        origin: origin,
                        buildID: buildID,
                        isInventoried: inventory != nil,
                        fetchedSeconds: fetchedAt
                    )
                }
                return .fetched(build)
            } catch {
                staged.discard()
                throw error
            }
        }
        throw .unsettled
    }

    // MARK: What there is

    private func page() async throws(BuildFetchError) -> [UInt8] {
        let url = files.url(.index)
        guard let asset = try await files.file(.index) else { throw .status(404, url: url) }
        guard String(validating: asset.content, as: UTF8.self) != nil else {
            throw .notAPage(url: url, reason: "it is no UTF-8 text")
        }
        guard !AssetReferences.find(in: asset.content, of: .index).isEmpty else {
            throw .notAPage(url: url, reason: "it refers to no file of its own")
        }
        return asset.content
    }

    private func inventory(of page: [UInt8]) async throws(BuildFetchError) -> AssetInventory? {
        guard let path = AssetPath(AssetInventory.path), let asset = try await files.file(path) else {
            return nil
        }
        let inventory: AssetInventory
        do throws(AssetInventoryError) {
            inventory = try AssetInventory(parsing: asset.content)
        } catch {
            throw .inventory(error.description)
        }
        if let buildID = BuildIDMeta.read(from: page), buildID != inventory.buildID {
            throw .inventory("it is of build \(inventory.buildID), the page is of build \(buildID)")
        }
        return inventory
    }

    /// Whether the build that is here is the newest.
    private static func isSame(
        _ current: Build,
        _ page: [UInt8],
        _ buildID: String?,
        _ inventory: AssetInventory?
    ) -> Bool {
        guard current.file(.index)?.sha256 == SHA256.hexDigest(of: page) else { return false }
        if let inventory {
            return current.manifest.isInventoried
                && inventory.files.allSatisfy { current.file($0.path)?.sha256 == $0.sha256 }
        }
        // Without a name of its own nothing says whether the files behind an unchanged page have changed.
        return buildID != nil && buildID == current.manifest.buildID
    }

    // MARK: With an inventory

    private func fetch(
        _ inventory: AssetInventory,
        into staged: StagedBuild,
        page: [UInt8],
        current: Build?
    ) async throws(BuildFetchError) {
        progress.total = inventory.files.count
        let wantsBrotli = await files.offersBrotli()
        try await inParallel(inventory.files) { [self] asset throws(BuildFetchError) in
            if let current, let known = current.file(asset.path), known.sha256 == asset.sha256,
                try await stored({ () throws(BuildStoreError) in try staged.reuse(asset.path, from: current) }
                )
            {
                note(known.bytes)
                return
            }
            let url = files.url(asset.path)
            guard let file = try await files.file(asset.path, wantsBrotli: wantsBrotli) else {
                throw .status(404, url: url)
            }
            guard UInt64(file.content.count) == asset.bytes else {
                throw .mismatch(
                    url: url,
                    reason: "it has \(file.content.count) bytes, the inventory says \(asset.bytes)"
                )
            }
            let isRight = try await stored { () throws(BuildStoreError) in
                guard SHA256.hexDigest(of: file.content) == asset.sha256 else { return false }
                try staged.add(asset.path, file.content, brotli: file.brotli)
                return true
            }
            guard isRight else {
                throw .mismatch(url: url, reason: "its SHA-256 is not the one of the inventory")
            }
            note(UInt64(file.content.count))
        }
    }

    // MARK: By reading

    /// Fetches the page's files, then those that they refer to, and so on.
    private func walk(from page: [UInt8], into staged: StagedBuild) async throws(BuildFetchError) {
        let wantsBrotli = await files.offersBrotli()
        try await stored { () throws(BuildStoreError) in try staged.add(.index, page, brotli: nil) }
        note(UInt64(page.count))
        var seen: Set<AssetPath> = [.index]
        var next = AssetReferences.find(in: page, of: .index) + Self.rootFiles.compactMap { AssetPath($0) }
        while !next.isEmpty {
            let round = next.filter { seen.insert($0).inserted }
            guard seen.count <= Self.mostFiles else { throw .tooLarge(bytes: Self.longestBuild) }
            next = []
            try await inParallel(round) { [self] path throws(BuildFetchError) in
                // Much of what looks like a reference is none; what is missing is asked for when a page needs it.
                guard let file = try await files.file(path, wantsBrotli: wantsBrotli) else { return }
                next += try await stored { () throws(BuildStoreError) in
                    try staged.add(path, file.content, brotli: file.brotli)
                    return AssetReferences.find(in: file.content, of: path)
                }
                note(UInt64(file.content.count))
                guard progress.bytes <= Self.longestBuild else { throw .tooLarge(bytes: Self.longestBuild) }
            }
        }
    }

    // MARK: Parts

    private func note(_ bytes: UInt64) {
        progress.files += 1
        progress.bytes += bytes
        onProgress(progress)
    }

    /// Does something that waits for the disk.
    private func stored<Value: Sendable>(
        _ body: @escaping @Sendable () throws(BuildStoreError) -> Value
    ) async throws(BuildFetchError) -> Value {
        let result: Result<Value, BuildStoreError> = await blockingPool.run {
            do throws(BuildStoreError) { return .success(try body()) } catch { return .failure(error) }
        }
        do throws(BuildStoreError) { return try result.get() } catch { throw .store(error) }
    }

    /// Works on some elements at a time; the first failure ends it.
    private func inParallel<Element>(
        _ elements: [Element],
        _ work: @escaping (Element) async throws(BuildFetchError) -> Void
    ) async throws(BuildFetchError) {
        let queue = WorkQueue(elements)
        let bound = LoopBound((queue, work), loop: loop)
        let loop = loop
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(connections, elements.count) {
                group.addTask(executorPreference: loop) {
                    let (queue, work) = bound.value
                    while queue.failure == nil, let element = queue.next() {
                        do throws(BuildFetchError) { try await work(element) } catch { queue.failure = error }
                    }
                }
            }
        }
        if let failure = queue.failure { throw failure }
    }
}

/// What is left to be worked on.
private final class WorkQueue<Element> {
    private var elements: ArraySlice<Element>
    var failure: BuildFetchError?

    init(_ elements: [Element]) { self.elements = elements[...] }

    func next() -> Element? { elements.popFirst() }
}
