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

    /// Notes a use by an upstream that has proved to be the owner before.
    /// - Returns: `false` when that is not known of it.
    mutating func confirm(_ upstream: String, _ now: Int64) -> Bool {
        guard evidence >= .probed, owner == .upstream(upstream) else { return false }
        lastUsed = now
        return true
    }
}

/// Where an event of a viewer goes.
public enum ViewerRoute: Sendable, Equatable {
    /// To the upstream of that name.
    case upstream(String)
    /// Into the viewer's log.
    case subscriber
    /// To these upstreams, one after the other, until one says that it has delivered it; then tell the registry
    /// by ``ViewerRegistry/delivered(_:by:now:)``.
    case probe([String])
    /// To nobody.
    case unknown
}
