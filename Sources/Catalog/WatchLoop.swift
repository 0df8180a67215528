import Glibc

/// The work of the watcher's thread; everything in here belongs to that thread.
final class WatchLoop {
    private typealias Instant = ContinuousClock.Instant

    private let scanner: RootScanner
    private let interval: Duration
    private let requests: WatchRequests
    private let onNotice: @Sendable (String) -> Void
    private let onChange: @Sendable (CatalogSnapshot) -> Void

    private var snapshot: CatalogSnapshot
    private var watches: WatchSet
    private var debounce = Debounce()
    private var unmeasured: [Dataset]
    private var hasReportedLimit = false
    /// When the next scan is due without any event.
    private var periodicDeadline = ContinuousClock.now
    /// Scans that follow each other without pause would take a core for themselves.
    private var earliestScan = ContinuousClock.now

    /// The period while not every change is noticed by itself.
    private static let incompleteInterval = Duration.seconds(5)
    /// A scan caused by events waits this many times as long as the last scan took.
    private static let pauseFactor = 10

    init(
        scanner: RootScanner,
        initial: CatalogSnapshot,
        interval: Duration,
        maximumWatches: Int,
        requests: WatchRequests,
        onNotice: @escaping @Sendable (String) -> Void,
        onChange: @escaping @Sendable (CatalogSnapshot) -> Void
    ) {
        self.scanner = scanner
        self.interval = interval
        self.requests = requests
        self.onNotice = onNotice
        self.onChange = onChange
        snapshot = initial
        unmeasured = Self.unmeasured(in: initial)
        watches = WatchSet(roots: scanner.roots, maximumWatches: maximumWatches)
    }

    /// Runs until a stop is requested.
    func run() {
        while true {
            waitForWork()
            if watches.drain() { debounce.note(at: .now) }
            let pending = requests.take()
            if pending.stop { return }
            if pending.rescan || nextScan <= .now {
                rescan()
            } else if let dataset = unmeasured.popLast() {
                dataset.measureSize()
            }
        }
    }

    private var nextScan: Instant {
        guard let burstEnd = debounce.deadline else { return periodicDeadline }
        return min(max(burstEnd, earliestScan), periodicDeadline)
    }

    /// Sleeps until something happens or is due; measuring is done while nothing else is.
    private func waitForWork() {
        let wait = unmeasured.isEmpty ? max(nextScan - .now, .zero) : .zero
        // One more millisecond, or the rounding down would make the loop spin until the deadline.
        let milliseconds = wait == .zero ? 0 : min(wait / .milliseconds(1), 3_600_000) + 1
        var descriptors = [requests.wakeDescriptor, watches.descriptor ?? -1].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds))
    }

    private func rescan() {
        let start = ContinuousClock.now
        debounce.clear()
        let result = scanner.examine(previous: snapshot)
        // Changes in a directory between the scan and its new watch were missed, so scan once more.
        if watches.update(result.visits) { debounce.note(at: .now) }
        reportLimit()
        let isComplete = watches.gap == nil && result.failures.isEmpty
        let end = ContinuousClock.now
        periodicDeadline = end + (isComplete ? interval : min(interval, Self.incompleteInterval))
        earliestScan = end + (end - start) * Self.pauseFactor
        guard result.snapshot !== snapshot else { return }
        snapshot = result.snapshot
        unmeasured = Self.unmeasured(in: snapshot)
        onChange(snapshot)
    }

    private func reportLimit() {
        guard case .limit(let text) = watches.gap, !hasReportedLimit else { return }
        hasReportedLimit = true
        let seconds = min(interval, Self.incompleteInterval).components.seconds
        onNotice("some changes of folders are noticed only every \(seconds) s: \(text)")
    }

    /// Last first, because they are taken from the end.
    private static func unmeasured(in snapshot: CatalogSnapshot) -> [Dataset] {
        snapshot.datasets.reversed().filter { $0.sizeBytes == nil }
    }
}
