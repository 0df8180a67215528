import Glibc
import Reactor

/// Keeps inotify watching exactly the directories that the last scan has looked at.
struct WatchSet {
    /// Why changes can go unnoticed until the next periodic scan.
    enum Gap: Hashable {
        /// A limit of the kernel; the text names it.
        case limit(String)
        /// A directory that may be entered but not read.
        case unreadableDirectory
    }

    /// The inotify descriptor, or `nil` when inotify is not available.
    var descriptor: Int32? { inotify?.descriptor }
    /// What is not watched, found by the last `update`.
    private(set) var gap: Gap?

    private let inotify: Inotify?
    private let roots: [FileName]
    private let maximumWatches: Int
    private var watches: [DirectoryID: Int32] = [:]

    /// - Parameters:
    ///   - roots: The roots that the visits of `update` refer to.
    ///   - maximumWatches: Stands in for the kernel's limit in tests.
    init(roots: [Root], maximumWatches: Int = .max) {
        self.roots = roots.map { FileName($0.path) }
        self.maximumWatches = maximumWatches
        do {
            inotify = try Inotify()
        } catch {
            inotify = nil
            gap = .limit(
                "inotify: \(error.sentence) (the kernel limit is fs.inotify.max_user_instances)"
            )
        }
    }

    /// Watches new directories and forgets old ones.
    ///
    /// - Returns: Whether a watch was added; what happened in that directory since the scan was not seen.
    mutating func update(_ visits: [RootWalk.Visit]) -> Bool {
        guard let inotify else { return false }
        gap = nil
        var wanted = Set<DirectoryID>(minimumCapacity: visits.count)
        var additions: [RootWalk.Visit] = []
        for visit in visits where wanted.insert(visit.directory).inserted && watches[visit.directory] == nil {
            additions.append(visit)
        }
        forget(inotify) { wanted.contains($0) }
        for visit in additions {
            if case .limit = gap { break }
            add(visit, to: inotify)
        }
        return additions.contains { watches[$0.directory] != nil }
    }

    /// Reads the waiting events; says whether there were any.
    mutating func drain() -> Bool {
        guard let events = inotify?.drain() else { return false }
        if !events.removedWatches.isEmpty {
            watches = watches.filter { !events.removedWatches.contains($0.value) }
        }
        return events.count > 0
    }

    private mutating func add(_ visit: RootWalk.Visit, to inotify: Inotify) {
        let root = roots[visit.location.root]
        let path = visit.location.path.isEmpty ? root : root.appending(visit.location.path)
        do throws(SystemError) {
            if watches.count >= maximumWatches { throw SystemError(code: ENOSPC, call: "inotify_add_watch") }
            watches[visit.directory] = try inotify.watch(path)
        } catch {
            switch error.code {
            case ENOSPC, ENOMEM:
                gap = .limit("too many folders to watch (the kernel limit is fs.inotify.max_user_watches)")
            case EACCES: gap = .unreadableDirectory
            default: break
            }
        }
    }

    private mutating func forget(_ inotify: Inotify, except isWanted: (DirectoryID) -> Bool) {
        let unwanted = watches.filter { !isWanted($0.key) }
        guard !unwanted.isEmpty else { return }
        watches = watches.filter { isWanted($0.key) }
        // A folder replaced between scan and watch leaves two identities on one watch.
        let used = Set(watches.values)
        for watch in Set(unwanted.values) where !used.contains(watch) { inotify.unwatch(watch) }
    }
}
