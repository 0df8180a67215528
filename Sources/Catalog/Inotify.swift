import Glibc
import Reactor

/// An inotify instance (inotify(7)) that watches directories.
final class Inotify {
    /// What was read from the event queue at once.
    struct Events {
        /// How many events there were, the overflow mark included.
        var count = 0
        /// Watches that the kernel has removed because their directory is gone.
        var removedWatches: Set<Int32> = []
    }

    /// Readable when there are events.
    let descriptor: Int32

    private let mask = UInt32(
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR
    )
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// Bounds the time of one `drain()` when events come faster than they can be read.
    private static let maximumReads = 64

    /// - Throws: `EMFILE` when the user has too many instances (`fs.inotify.max_user_instances`).
    init() throws(SystemError) {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { throw .last("inotify_init1") }
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    /// Watches a directory and returns the watch's number; watching a directory again gives the same number.
    ///
    /// - Throws: `ENOSPC` when the user has too many watches (`fs.inotify.max_user_watches`).
    func watch(_ path: FileName) throws(SystemError) -> Int32 {
        let watch = unsafe inotify_add_watch(descriptor, path.characters, mask)
        guard watch >= 0 else { throw .last("inotify_add_watch") }
        return watch
    }

    /// Ends a watch; one that has ended already is ignored.
    func unwatch(_ watch: Int32) {
        _ = inotify_rm_watch(descriptor, watch)
    }

    /// Takes the waiting events out of the queue without blocking.
    func drain() -> Events {
        var events = Events()
        for _ in 0..<Self.maximumReads {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            parse(count, into: &events)
        }
        return events
    }

    private func parse(_ count: Int, into events: inout Events) {
        let header = MemoryLayout<inotify_event>.size
        unsafe buffer.withUnsafeBytes { bytes in
            var offset = 0
            while offset + header <= count {
                let watch = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                let mask = unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let nameLength = unsafe bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)
                events.count += 1
                if mask & UInt32(IN_IGNORED) != 0 { events.removedWatches.insert(watch) }
                offset += header + Int(nameLength)
            }
        }
    }
}
