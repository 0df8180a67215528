import Reactor
import Synchronization
import Telemetry

/// The backends that there are: those of the configuration, and those that have registered.
final class BackendTable: Sendable {
    /// What registering has done.
    enum Registration {
        case added(Backend)
        case renewed(Backend)
        /// There was another one in its place.
        case replaced(Backend, old: Backend)
    }

    /// Why a backend cannot be registered.
    enum RegistrationError: Error {
        /// The configuration has one of that mount.
        case configured
        /// There are too many.
        case full
    }

    /// The most registered backends.
    static let mostRegistered = 256

    private struct State {
        var configured: [Backend]
        var registered: [String: Backend] = [:]
    }

    private let state: Mutex<State>

    init(_ configured: [Backend.Specification]) {
        state = Mutex(State(configured: configured.map { Backend($0) }))
    }

    /// All of them, in the order of the listing.
    var all: [Backend] {
        state.withLock { state in
            state.configured + state.registered.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// The one of that mount.
    func backend(_ mount: String) -> Backend? {
        state.withLock { state in
            state.registered[mount] ?? state.configured.first { $0.specification.mount == mount }
        }
    }

    /// Adds a backend until `expires`, or renews it.
    func register(
        _ specification: Backend.Specification,
        expires: Int64
    ) throws(RegistrationError) -> Registration {
        let mount = specification.mount
        return try state.withLock { state throws(RegistrationError) in
            guard !state.configured.contains(where: { $0.specification.mount == mount }) else {
                throw .configured
            }
            if let known = state.registered[mount], known.specification == specification {
                known.update { $0.expires = expires }
                return .renewed(known)
            }
            guard state.registered[mount] != nil || state.registered.count < Self.mostRegistered else {
                throw .full
            }
            let backend = Backend(specification, expires: expires)
            if let old = state.registered.updateValue(backend, forKey: mount) {
                return .replaced(backend, old: old)
            }
            return .added(backend)
        }
    }

    /// Takes a registered backend away.
    /// - Returns: it; `nil` when there is none.
    func remove(_ mount: String) -> Backend? { state.withLock { $0.registered.removeValue(forKey: mount) } }

    /// Takes those away whose time is over.
    /// - Parameter now: monotonic milliseconds.
    /// - Returns: them.
    func expire(now: Int64) -> [Backend] {
        state.withLock { state in
            let over = state.registered.values.filter { ($0.current.expires ?? .max) <= now }
            for backend in over { state.registered[backend.specification.mount] = nil }
            return over
        }
    }

    /// Uses other backends from the configuration; those that are the same stay.
    /// - Returns: those that are no more.
    func replaceConfigured(_ specifications: [Backend.Specification]) -> [Backend] {
        state.withLock { state in
            var old = state.configured
            state.configured = specifications.map { specification in
                if let index = old.firstIndex(where: { $0.specification == specification }) {
                    return old.remove(at: index)
                }
                return Backend(specification)
            }
            return old
        }
    }
}
