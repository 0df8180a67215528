/// Which viewer belongs to whom.
///
/// A plain value: whoever owns it feeds it with what happens and with a clock, milliseconds that never go back.
/// It never grows beyond its limits, whatever pages and clients do.
public struct ViewerRegistry: Sendable {
    /// How much is kept, and for how long.
    public struct Limits: Sendable, Equatable {
        /// The most viewers.
        public var mostViewers = 10_000
        /// The most of them that are registered; they are not displaced by others.
        public var mostRegistered = 1000
        /// How long a viewer of an upstream is known without being used, milliseconds.
        public var idleMilliseconds: Int64 = 4 * 3_600_000
        /// How long a registered viewer is known without being used, milliseconds.
        public var registeredIdleMilliseconds: Int64 = 24 * 3_600_000
        /// The most offers of events of one unknown viewer to upstreams in a second; one to each is always possible.
        public var mostProbesPerSecond = 8
        /// The most unknown viewers that events are offered for in a second.
        public var mostUnknownPerSecond = 256

        /// The defaults, to be changed.
        public init() {}
    }

    /// Why a viewer cannot be registered.
    public enum RegistrationError: Error, Equatable {
        /// It is somebody else's.
        case taken
        /// There are too many.
        case full
    }

    private let limits: Limits
    private var bindings: [ViewerID: ViewerBinding] = [:]
    private var registeredCount = 0
    /// How many of their offers unknown viewers have used in the current second.
    private var probings: [ViewerID: Int] = [:]
    private var probingSecond: Int64 = 0

    /// Begins with no viewers.
    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Number of viewers.
    public var count: Int { bindings.count }

    /// All viewers, longest known first.
    public var all: [ViewerBinding] {
        bindings.values.sorted { ($0.since, $0.id.text) < ($1.since, $1.id.text) }
    }

    /// What is known of a viewer, idle or not.
    public subscript(id: ViewerID) -> ViewerBinding? { bindings[id] }

    // MARK: Learning

    /// Makes a viewer that of a subscriber, or renews that.
    ///
    /// What an upstream was only believed to own becomes the subscriber's.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - secret: the hash of a new secret, or of the one it has when it is being renewed.
    ///   - now: the time.
    /// - Throws: `RegistrationError`.
    public mutating func register(
        _ id: ViewerID,
        secret: SecretHash,
        now: Int64
    ) throws(RegistrationError) {
        try register(id, .subscriber(secret), now)
    }

    /// Makes a viewer that of an upstream that says so, or renews that.
    /// - Throws: `RegistrationError`.
    public mutating func register(
        _ id: ViewerID,
        upstream: String,
        now: Int64
    ) throws(RegistrationError) {
        try register(id, .upstream(upstream), now)
    }

    /// Notes that a viewer's page was opened.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - mount: below which mount.
    ///   - upstream: the upstream of that mount, if it is one's.
    ///   - now: the time.
    public mutating func see(_ id: ViewerID, mount: String, upstream: String?, now: Int64) {
        if let upstream { bind(id, to: upstream, .seen, now) }
        bindings[id]?.mount = mount
        touch(id, now)
    }

    /// Notes that an upstream has taken an event of a viewer, so that it gets the next ones.
    public mutating func delivered(_ id: ViewerID, by upstream: String, now: Int64) {
        bind(id, to: upstream, .probed, now)
        if bindings[id]?.owner == .upstream(upstream) { probings[id] = nil }
        touch(id, now)
    }

    /// Notes that an upstream does not know a viewer that it was believed to own, so that others are asked.
    ///
    /// Servers of 0.0.9 say the same when a callback of the owner failed (contract 7.4.4): then it is found again.
    public mutating func denied(_ id: ViewerID, by upstream: String) {
        if bindings[id]?.owner == .upstream(upstream) { remove(id) }
    }

    /// Notes that an upstream is gone; its viewers are unknown from now on.
    /// - Returns: the viewers that it had.
    @discardableResult
    public mutating func lost(upstream: String) -> [ViewerID] {
        let ids = bindings.values.filter { $0.owner == .upstream(upstream) }.map(\.id)
        for id in ids { remove(id) }
        return ids
    }

    // MARK: Asking

    /// Where an event of a viewer goes.
    /// - Parameters:
    ///   - id: which viewer.
    ///   - candidates: the upstreams that could own it if nobody is known to, always in the same order.
    ///   - now: the time.
    /// - Returns: the way; `.unknown` also when events were offered often enough in this second.
    public mutating func route(_ id: ViewerID, candidates: [String], now: Int64) -> ViewerRoute {
        let limits = limits
        if let index = bindings.index(forKey: id), let route = bindings.values[index].use(now, limits) {
            return route
        }
        return probe(id, candidates, now)
    }

    /// Whether `secret` is the one that the viewer's subscriber was given; a use of the viewer if it is.
    public mutating func authenticate(_ id: ViewerID, secret: String, now: Int64) -> Bool {
        guard let binding = bindings[id], !isIdle(binding, now), case .subscriber(let hash) = binding.owner,
            hash.matches(secret)
        else { return false }
        touch(id, now)
        return true
    }

    // MARK: Forgetting

    /// Forgets a viewer.
    /// - Returns: what was known of it, for whoever removes its log; `nil` when there was nothing.
    @discardableResult
    public mutating func close(_ id: ViewerID) -> ViewerBinding? { remove(id) }

    /// Forgets the viewers that were not used for too long.
    /// - Returns: what was known of them, for whoever removes their logs.
    public mutating func expire(now: Int64) -> [ViewerBinding] {
        let idle = bindings.values.filter { isIdle($0, now) }
        for binding in idle { remove(binding.id) }
        return idle
    }

    // MARK: Parts

    private mutating func register(
        _ id: ViewerID,
        _ owner: ViewerOwner,
        _ now: Int64
    ) throws(RegistrationError) {
        var binding = ViewerBinding(id: id, owner: owner, evidence: .registered, since: now, lastUsed: now)
        if let known = bindings[id], !isIdle(known, now) {
            guard known.evidence < .registered || known.owner == owner else { throw .taken }
            binding.mount = known.mount
        }
        if bindings[id]?.evidence != .registered {
            guard registeredCount < limits.mostRegistered else { throw .full }
            guard makeRoom(for: id) else { throw .full }
        }
        remove(id)
        bindings[id] = binding
        registeredCount += 1
    }

    /// Believes that an upstream owns a viewer, unless something stronger is known.
    private mutating func bind(
        _ id: ViewerID,
        to upstream: String,
        _ evidence: ViewerEvidence,
        _ now: Int64
    ) {
        let owner = ViewerOwner.upstream(upstream)
        if let known = bindings[id], !isIdle(known, now) {
            guard known.evidence <= evidence else { return }
            bindings[id]?.owner = owner
            bindings[id]?.evidence = evidence
            return
        }
        guard makeRoom(for: id) else { return }
        remove(id)
        bindings[id] = ViewerBinding(id: id, owner: owner, evidence: evidence, since: now, lastUsed: now)
    }

    private mutating func probe(_ id: ViewerID, _ candidates: [String], _ now: Int64) -> ViewerRoute {
        if now / 1000 != probingSecond {
            probingSecond = now / 1000
            probings.removeAll(keepingCapacity: true)
        }
        guard !candidates.isEmpty else { return .unknown }
        let used = probings[id, default: 0] + candidates.count
        if used == candidates.count {
            guard probings.count < limits.mostUnknownPerSecond else { return .unknown }
        } else {
            // All of them or none: otherwise those at the end of a long list would never be asked.
            guard used <= limits.mostProbesPerSecond else { return .unknown }
        }
        probings[id] = used
        return .probe(candidates)
    }

    /// Makes sure that one more viewer fits, by forgetting some of those that were not used for longest.
    private mutating func makeRoom(for id: ViewerID) -> Bool {
        guard bindings[id] == nil, bindings.count >= limits.mostViewers else { return true }
        // Some at once, so that looking for them is seldom.
        let least = bindings.values.filter { $0.evidence < .registered }.sorted { $0.lastUsed < $1.lastUsed }
        for binding in least.prefix(max(1, limits.mostViewers / 16)) { remove(binding.id) }
        return bindings.count < limits.mostViewers
    }

    private func isIdle(_ binding: ViewerBinding, _ now: Int64) -> Bool { binding.isIdle(now, limits) }

    private mutating func touch(_ id: ViewerID, _ now: Int64) { bindings[id]?.lastUsed = now }

    @discardableResult
    private mutating func remove(_ id: ViewerID) -> ViewerBinding? {
        let removed = bindings.removeValue(forKey: id)
        if removed?.evidence == .registered { registeredCount -= 1 }
        return removed
    }
}
