import Bytes
import Reactor
import Synchronization
import Viewers

/// Who owns a viewer: for whatever passes events on.
extension ViewerService {
    /// Notes that a viewer's page was opened below a mount.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - mount: the mount.
    ///   - upstream: the upstream of that mount, if it is one's.
    func see(_ id: ViewerID, mount: String, upstream: String?) {
        state.withLock { $0.registry.see(id, mount: mount, upstream: upstream, now: Self.now) }
    }

    /// Where an event of a viewer goes.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - candidates: the upstreams that could own it if nobody is known to, always in the same order.
    /// - Returns: the way; ``append(_:to:)`` is that of subscribers.
    func route(_ id: ViewerID, candidates: [String]) -> ViewerRoute {
        state.withLock { $0.registry.route(id, candidates: candidates, now: Self.now) }
    }

    /// Notes that an upstream has taken an event of a viewer.
    func delivered(_ id: ViewerID, by upstream: String) {
        state.withLock { $0.registry.delivered(id, by: upstream, now: Self.now) }
    }

    /// Notes that an upstream does not know a viewer that it was believed to own.
    func denied(_ id: ViewerID, by upstream: String) {
        state.withLock { $0.registry.denied(id, by: upstream) }
    }

    /// Notes that an upstream is gone; its viewers are unknown from now on.
    func lost(upstream: String) {
        state.withLock { _ = $0.registry.lost(upstream: upstream) }
    }

    /// `/_gateway/viewers`: all viewers that are known.
    var document: String {
        let (all, now) = (state.withLock { $0.registry.all }, Self.now)
        return JSONText.object(["viewers": JSONText.array(all.map { Self.json($0, now) })])
    }

    private static func json(_ viewer: ViewerBinding, _ now: Int64) -> String {
        let owner =
            switch viewer.owner {
            case .upstream(let name): "upstream:\(name)"
            case .subscriber: "subscriber"
            }
        let evidence =
            switch viewer.evidence {
            case .seen: "seen"
            case .probed: "probed"
            case .registered: "registered"
            }
        return JSONText.object([
            "viewerId": JSONText.string(viewer.id.text),
            "owner": JSONText.string(owner),
            "evidence": JSONText.string(evidence),
            "mount": viewer.mount.map(JSONText.string) ?? "null",
            "idle": "\(max(0, now - viewer.lastUsed) / 1000)",
        ])
    }
}
