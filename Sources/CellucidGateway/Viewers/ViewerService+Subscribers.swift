import Bytes
import Reactor
import Synchronization
import Telemetry
import Viewers

/// The viewers of subscribers.
extension ViewerService {
    /// What became of a registration.
    enum Registration {
        /// The viewer is the subscriber's, who proves that with this secret.
        case created(secret: String)
        /// It is somebody's already.
        case taken
        /// There are too many viewers.
        case full
        /// Nothing can be kept at the moment; a sentence for people.
        case unavailable(String)
    }

    /// Whether somebody may follow a viewer.
    enum Access {
        /// Yes.
        case granted(Subscriber)
        /// The secret is missing or wrong.
        case denied
        /// No subscriber has such a viewer.
        case unknown
        /// Nothing can be kept at the moment; a sentence for people.
        case unavailable(String)
    }

    /// Makes a viewer that of a subscriber.
    func register(_ id: ViewerID) async -> Registration {
        let secret = ViewerSecret.make()
        let hash = SecretHash(of: secret)
        let refusal: Registration? = state.withLock { state in
            guard state.store != nil else { return .unavailable(state.problem) }
            guard !state.removing.contains(id) else { return .taken }
            do throws(ViewerRegistry.RegistrationError) {
                try state.registry.register(id, secret: hash, now: Self.now)
                return nil
            } catch {
                return error == .full ? .full : .taken
            }
        }
        if let refusal { return refusal }
        return await pool.run { [self] in keep(id, secret, hash) }
    }

    /// Keeps a viewer that has just been registered; waits for the disk.
    private func keep(_ id: ViewerID, _ secret: String, _ hash: SecretHash) -> Registration {
        do throws(ViewerStoreError) {
            let record = SubscriberRecord(id: id, secret: hash, created: Clock.unixMilliseconds())
            let store = state.withLock { $0.store?.subscribers }
            try store?.add(record)
            let isKept = state.withLock { state in
                guard let store, state.store?.subscribers === store else { return false }
                state.subscribers[id] = Subscriber(id, store, pool: pool)
                return true
            }
            guard isKept else {
                throw ViewerStoreError(directory, "it was removed while it was in use", kind: .removed)
            }
            return .created(secret: secret)
        } catch {
            log.error("a viewer cannot be registered: \(error)")
            state.withLock { _ = $0.registry.close(id) }
            return .unavailable("Events of viewers cannot be kept here: \(error.reason).")
        }
    }

    /// Lets whoever has the secret use a viewer, and notes that it is in use.
    func access(_ id: ViewerID, secret: String?) -> Access {
        state.withLock { state in
            guard state.store != nil else { return .unavailable(state.problem) }
            guard let subscriber = state.subscribers[id] else { return .unknown }
            guard let secret, state.registry.authenticate(id, secret: secret, now: Self.now) else {
                return .denied
            }
            return .granted(subscriber)
        }
    }

    /// Notes that somebody follows a viewer.
    func keepInUse(_ id: ViewerID) {
        // Asking for the way of an event is a use.
        _ = route(id, candidates: [])
    }

    /// Forgets a viewer, of whomever, with its log and its bundles.
    /// - Returns: `false` when it was not known.
    func close(_ id: ViewerID) async -> Bool {
        var wasKnown = true
        let subscriber: Subscriber? = state.withLock { state in
            if let subscriber = Self.take(id, &state) { return subscriber }
            // One that is just being registered is not there yet.
            if case .subscriber = state.registry[id]?.owner {
                wasKnown = false
            } else {
                wasKnown = state.registry.close(id) != nil
            }
            return nil
        }
        if let subscriber { await pool.run { [self] in remove(subscriber) } }
        return wasKnown
    }

    /// Appends an event to the log of a subscriber's viewer; returns when it is on the disk.
    func append(_ json: [UInt8], to id: ViewerID) async -> Subscriber.Appended {
        guard let subscriber = state.withLock({ $0.subscribers[id] }) else { return .closed }
        let result = await subscriber.append(json)
        if case .failed(let error) = result { log.error("an event cannot be kept: \(error)") }
        return result
    }

    /// The URL of something of a viewer: an absolute path, percent-encoded.
    func path(_ id: ViewerID, _ rest: String) -> String {
        "\(basePath)_gateway/viewers/\(PercentCoding.encode(id.text))/\(rest)"
    }
}
