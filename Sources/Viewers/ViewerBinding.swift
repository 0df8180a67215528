/// Who gets a viewer's events.
public enum ViewerOwner: Sendable, Equatable {
    /// The Python behind the upstream of that name.
    case upstream(String)
    /// A script that follows the viewer's log and has the secret.
    case subscriber(SecretHash)
}

/// Where the gateway knows the owner of a viewer from; later cases are stronger.
public enum ViewerEvidence: Int, Sendable, Comparable {
    /// Its page was opened below the upstream's mount.
    case seen
    /// The upstream took an event of it.
    case probed
    /// The owner said so.
    case registered

    /// Whether the left one is weaker.
    public static func < (left: ViewerEvidence, right: ViewerEvidence) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the gateway knows of a viewer.
public struct ViewerBinding: Sendable, Equatable {
    /// Which viewer.
    public let id: ViewerID
    /// Who gets its events.
    public internal(set) var owner: ViewerOwner
    /// Where that is known from.
    public internal(set) var evidence: ViewerEvidence
    /// The mount of the dataset that its page was last seen to show, if any.
    public internal(set) var mount: String?
    /// When it became known, milliseconds of the clock that the registry is fed with.
    public let since: Int64
    /// When it was last used, milliseconds of that clock.
    public internal(set) var lastUsed: Int64

    /// Whether it was not used for longer than it is to be known.
    func isIdle(_ now: Int64, _ limits: ViewerRegistry.Limits) -> Bool {
        let limit = evidence == .registered ? limits.registeredIdleMilliseconds : limits.idleMilliseconds
        return now - lastUsed >= limit
    }

    /// Notes a use.
    /// - Returns: where an event goes; `nil` when it has been idle for too long.
    mutating func use(_ now: Int64, _ limits: ViewerRegistry.Limits) -> ViewerRoute? {
        if isIdle(now, limits) { return nil }
        lastUsed = now
        switch owner {
        case .upstream(let name): return .upstream(name, isConfirmed: evidence >= .probed)
        case .subscriber: return .subscriber
        }
    }
}

/// Where an event of a viewer goes.
public enum ViewerRoute: Sendable, Equatable {
    /// To the upstream of that name; whether it has proved to be the owner, so that nothing is learnt from its taking
    /// another event.
    case upstream(String, isConfirmed: Bool)
    /// Into the viewer's log.
    case subscriber
    /// To these upstreams, one after the other, until one says that it has delivered it; then tell the registry
    /// by ``ViewerRegistry/delivered(_:by:now:)``.
    case probe([String])
    /// To nobody.
    case unknown
}
