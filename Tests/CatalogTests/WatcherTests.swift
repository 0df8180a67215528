import Synchronization
import TestSupport
import Testing

@testable import Catalog

/// A watcher on a temporary folder, with everything it has reported.
private final class Watched: Sendable {
    let folder: TemporaryDirectory
    let watcher: CatalogWatcher
    private let log: Log

    final class Log: Sendable {
        let snapshots = Mutex<[CatalogSnapshot]>([])
        let notices = Mutex<[String]>([])
    }

    init(
        _ folder: TemporaryDirectory,
        recursive: Bool = false,
        interval: Duration = .seconds(600),
        maximumWatches: Int = .max
    ) throws {
        self.folder = folder
        let scanner = RootScanner(
            roots: [Root(path: folder("root"))],
            options: ScanOptions(recursive: recursive)
        )
        let log = Log()
        self.log = log
        let initial = try scanner.scan(previous: nil)
        log.snapshots.withLock { $0.append(initial) }
        watcher = try CatalogWatcher(
            scanner: scanner,
            initial: initial,
            interval: interval,
            maximumWatches: maximumWatches,
            onNotice: { text in log.notices.withLock { $0.append(text) } },
            onChange: { snapshot in log.snapshots.withLock { $0.append(snapshot) } }
        )
    }

    var current: CatalogSnapshot? { log.snapshots.withLock { $0.last } }
    var mounts: [String] { current?.datasets.map(\.mount) ?? [] }
    var notices: [String] { log.notices.withLock { $0 } }
    var snapshots: [CatalogSnapshot] { log.snapshots.withLock { $0 } }

    /// Whether the condition comes to hold.
    func reaches(_ condition: () -> Bool) -> Bool { Deadline(seconds: 60).wait(until: condition) }
}

@Suite struct WatcherTests {
    private let folder = TemporaryDirectory()

    init() { folder.makeFolder("root") }

    @Test func addChangeRemove() throws {
        folder.makeDataset("root/a")
        let watched = try Watched(folder)
        let first = try #require(watched.current?.datasets.first)
        #expect(watched.reaches { first.sizeBytes != nil })

        folder.makeDataset("elsewhere", identity: "{}")
        folder.rename("elsewhere", to: "root/b")
        #expect(watched.reaches { watched.mounts == ["a", "b"] })
        #expect(watched.current?.datasets.first === first)
        let added = try #require(watched.current?.datasets.last)
        #expect(watched.reaches { added.sizeBytes == 34 })

        folder.write("root/b/dataset_identity.json", #"{"id": "changed"}"#)
        #expect(watched.reaches { watched.current?.datasets.last?.id == "changed" })

        folder.remove("root/a")
        #expect(watched.reaches { watched.mounts == ["b"] })
        watched.watcher.stop()
        #expect(watched.notices.isEmpty)
    }

    @Test func copyFileByFile() throws {
        let watched = try Watched(folder)
        folder.makeFolder("root/a")
        folder.write("root/a/dataset_identity.json", "{}")
        #expect(
            watched.reaches {
                let reason = watched.current?.broken.first?.reason
                return reason?.hasPrefix("obs_manifest.json is missing; no points file") == true
            }
        )
        folder.write("root/a/points_2d.bin", "12345678")
        folder.write("root/a/obs_manifest.json", #"{"cut": "#)
        #expect(
            watched.reaches { watched.current?.broken.first?.reason.contains("is cut short") == true }
        )
        folder.write("root/a/obs_manifest.json", #"{"cut": 1}"#)
        #expect(watched.reaches { watched.mounts == ["a"] })
        #expect(watched.current?.broken.isEmpty == true)
        watched.watcher.stop()
    }

    @Test func deepChangesWhenRecursive() throws {
        folder.makeFolder("root/lab")
        let watched = try Watched(folder, recursive: true)
        folder.makeFolder("root/lab/deep")
        folder.makeDataset("root/lab/deep/a")
        #expect(watched.reaches { watched.mounts == ["lab-deep-a"] })
        watched.watcher.stop()
    }

    @Test func rootDeletedAndRecreated() throws {
        folder.makeDataset("root/a")
        let watched = try Watched(folder, interval: .milliseconds(300))
        folder.remove("root")
        #expect(watched.reaches { watched.current?.rootErrors.count == 1 })
        #expect(watched.mounts.isEmpty)
        folder.makeFolder("root")
        folder.makeDataset("root/b")
        #expect(watched.reaches { watched.mounts == ["b"] })
        folder.makeDataset("root/c")
        #expect(watched.reaches { watched.mounts == ["b", "c"] })
        watched.watcher.stop()
    }

    @Test func rootReplacedByRename() throws {
        folder.makeDataset("root/a")
        let watched = try Watched(folder)
        folder.makeFolder("next")
        folder.makeDataset("next/b")
        folder.rename("root", to: "previous")
        folder.rename("next", to: "root")
        #expect(watched.reaches { watched.mounts == ["b"] })
        folder.makeDataset("root/c")
        #expect(watched.reaches { watched.mounts == ["b", "c"] })
        watched.watcher.stop()
    }

    @Test func manyEvents() throws {
        folder.makeDataset("root/a")
        let watched = try Watched(folder)
        for number in 0..<20_000 {
            folder.write("root/a/note-\(number % 50)", "x")
        }
        folder.makeDataset("root/b")
        #expect(watched.reaches { watched.mounts == ["a", "b"] })
        watched.watcher.stop()
        #expect(watched.snapshots.map(\.generation) == Array(1...UInt64(watched.snapshots.count)))
    }

    @Test func withoutEnoughWatches() throws {
        folder.makeDataset("root/a")
        folder.makeDataset("root/b")
        let watched = try Watched(folder, interval: .milliseconds(200), maximumWatches: 1)
        #expect(watched.reaches { !watched.notices.isEmpty })
        folder.write("root/b/dataset_identity.json", #"{"id": "changed"}"#)
        #expect(watched.reaches { watched.current?.datasets.last?.id == "changed" })
        watched.watcher.rescanNow()
        watched.watcher.stop()
        #expect(watched.notices.count == 1)
        #expect(watched.notices.first?.contains("fs.inotify.max_user_watches") == true)
    }

    @Test func rescanNow() throws {
        let watched = try Watched(folder, maximumWatches: 0)
        #expect(watched.reaches { !watched.notices.isEmpty })
        folder.makeDataset("root/a")
        watched.watcher.rescanNow()
        #expect(watched.reaches { watched.mounts == ["a"] })
        watched.watcher.stop()
        watched.watcher.stop()
    }

    @Test func lastReferenceStops() throws {
        let folder = folder
        var watched: Watched? = try Watched(folder)
        weak let watcher = watched?.watcher
        watched = nil
        #expect(watcher == nil)
    }
}

@Suite struct DebounceTests {
    private let start = ContinuousClock.now

    @Test func quietEndsABurst() {
        var debounce = Debounce()
        #expect(debounce.deadline == nil)
        debounce.note(at: start)
        debounce.note(at: start + .milliseconds(60))
        #expect(debounce.deadline == start + .milliseconds(160))
        debounce.clear()
        #expect(debounce.deadline == nil)
    }

    @Test func aLongBurstIsNotWaitedFor() {
        var debounce = Debounce()
        for step in 0...100 { debounce.note(at: start + .milliseconds(50 * step)) }
        #expect(debounce.deadline == start + .seconds(1))
    }
}
