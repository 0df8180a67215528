/// The backends that may own a viewer of whom nothing is known.
struct OwnerCandidates {
    /// Their mounts, those that answer first.
    ///
    /// Those that cannot be reached are left out, unless there are no others: a server that takes a request and never
    /// answers would keep the event from its owner.
    let names: [String]
    /// Whether there is one backend only that takes events.
    let isAlone: Bool

    /// Looks at all backends.
    init(_ backends: [Backend]) {
        var healthy: [String] = []
        var unknown: [String] = []
        var unavailable: [String] = []
        for backend in backends {
            let current = backend.current
            guard current.generation?.takesPosts ?? true else { continue }
            let name = backend.specification.mount
            switch current.condition {
            case .healthy: healthy.append(name)
            case .unknown: unknown.append(name)
            case .unavailable: unavailable.append(name)
            }
        }
        isAlone = healthy.count + unknown.count + unavailable.count == 1
        names = healthy.isEmpty && unknown.isEmpty ? unavailable : healthy + unknown
    }

    /// The backend of a mount, if it takes events.
    static func backend(_ name: String, in backends: [Backend]) -> Backend? {
        guard let backend = backends.first(where: { $0.specification.mount == name }),
            backend.current.generation?.takesPosts ?? true
        else { return nil }
        return backend
    }
}
