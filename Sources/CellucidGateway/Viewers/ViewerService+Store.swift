import Reactor
import Synchronization
import Telemetry
import Viewers

/// The folder for what is kept: opening it, and opening it again.
///
/// All calls wait for the disk, and come one at a time.
extension ViewerService {
    /// Opens the folder and makes known what is in it.
    /// - Parameter folder: the folder for the port.
    /// - Throws: `ViewerStoreError` with the file at fault; nothing has changed then.
    func openStore(_ folder: String) throws(ViewerStoreError) {
        let store = Store(
            subscribers: try SubscriberStore(folder: folder + "/viewers"),
            spool: try SessionSpool(folder: folder + "/sessions", limits: Self.spoolLimits)
        )
        _ = removeIdle(store, unixMilliseconds: Clock.unixMilliseconds())
        for key in restore(store) { drop(key) }
        let (count, bytes) = (store.subscribers.all.count, store.spool.byteCount)
        guard count > 0 || bytes > 0 else { return }
        log.info("subscribers: \(count) viewers and \(bytes) bytes of session bundles were kept in \(folder)")
    }

    /// Tries to open the folder if it is not open; ends everything of one that somebody has removed.
    func ensureStore(_ folder: String) {
        do throws(ViewerStoreError) {
            if let store = state.withLock({ $0.store }) {
                try store.subscribers.requireFolder()
                try store.spool.requireFolder()
                return
            }
        } catch {
            // Whoever still reads has to end before it can be opened again.
            forgetStore(error)
            return
        }
        do throws(ViewerStoreError) {
            try openStore(folder)
            log.info("events are kept for subscribers from now on, in \(folder)")
        } catch {
            noteUnavailable(error)
        }
    }

    /// Notes why nothing can be kept at the moment; the log is told once.
    func noteUnavailable(_ error: ViewerStoreError) {
        let problem = Self.problem(error)
        let isNew = state.withLock { state in
            defer { state.problem = problem }
            return state.problem != problem
        }
        if isNew { log.error("events cannot be kept for subscribers: \(error); see --state-dir") }
    }

    private static func problem(_ error: ViewerStoreError) -> String {
        "Events of viewers cannot be kept here: \(error.reason)."
    }

    /// Makes known the viewers of subscribers and their open requests, and then that they can be used.
    /// - Returns: the requests that are over.
    private func restore(_ store: Store) -> [SessionKey] {
        let found = store.subscribers.all
        return state.withLock { state in
            let (now, unixNow) = (Self.now, Clock.unixMilliseconds())
            var over: [SessionKey] = []
            for record in found {
                let idle = max(0, unixNow - (store.subscribers.lastUsed(record.id) ?? unixNow))
                let registered: Void? = try? state.registry.register(
                    record.id,
                    secret: record.secret,
                    now: now - idle
                )
                guard registered != nil else { continue }
                state.subscribers[record.id] = Subscriber(record.id, store.subscribers, pool: pool)
                for request in store.subscribers.requests(of: record.id) {
                    let key = SessionKey(viewerID: record.id, requestID: request.requestID)
                    let left = request.expires - unixNow
                    let resumed: Void? =
                        left > 0 ? try? state.requests.resume(key, milliseconds: left, now: now) : nil
                    if resumed == nil { over.append(key) }
                }
            }
            state.store = store
            return over
        }
    }

    /// Ends everything of a folder that somebody has removed; what is left of it is found when it is opened again.
    private func forgetStore(_ error: ViewerStoreError) {
        log.error("what was kept for subscribers is gone: \(error)")
        let subscribers = state.withLock { state in
            defer { state.subscribers = [:] }
            for id in state.subscribers.keys {
                state.registry.close(id)
                state.requests.close(id)
            }
            state.store = nil
            state.problem = Self.problem(error)
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.close() }
    }
}
