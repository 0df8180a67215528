import Reactor
import Synchronization
import Upstream

/// A running Cellucid server behind the gateway, with what is known of it.
///
/// Shared by all event loops.
final class Backend: Sendable {
    /// What it is, as configured or registered.
    struct Specification: Sendable, Equatable {
        /// The URL segment that it is served under.
        let mount: String
        /// Where it listens.
        let origin: Origin
        /// What people call it.
        var name: String?
        /// Its dialect when it is not to be asked.
        var generation: ServerGeneration?
        /// The web app for its pages: a name of the gateway's, or ``ownWebApp``.
        var webApp: String?
        /// Whether the configuration names it; otherwise it was registered while the gateway runs.
        let isConfigured: Bool

        /// Stands for the pages that the server itself has.
        static let ownWebApp = "upstream"
    }

    /// Whether it answers.
    enum Condition: Sendable, Equatable {
        /// It has not been asked yet.
        case unknown
        case healthy
        /// It does not; the text says why.
        case unavailable(String)
    }

    /// A dataset that the server lists.
    struct ListedDataset: Sendable, Equatable {
        let id: String
        let name: String
        /// `/`, or a folder with a slash at both ends.
        let path: String
    }

    /// What changes while the gateway runs.
    struct State: Sendable, Equatable {
        /// The dialect, once it is known.
        var generation: ServerGeneration?
        var condition = Condition.unknown
        /// Whether it is another gateway, whose datasets are not listed to a third one.
        var isGateway = false
        var datasets: [ListedDataset] = []
        /// When a registration ends, monotonic milliseconds.
        var expires: Int64?
    }

    /// An answer that is given again for a short while.
    private struct Kept: Sendable {
        let body: [UInt8]
        let until: Int64
    }

    /// A number that no other backend has.
    let serial: UInt64
    let specification: Specification
    /// Who may ask it next.
    let turns: RequestTurns
    /// Posted when it should be looked at again soon.
    let isDoubtful = Atomic<Bool>(false)

    private let state: Mutex<State>
    /// What every request asks of the state.
    private let summary: Atomic<UInt8>
    private let health = Mutex<Kept?>(nil)

    private enum Summary {
        static let isKnown: UInt8 = 1
        static let isSerial: UInt8 = 2
        static let isHealthy: UInt8 = 4

        static func of(_ state: State) -> UInt8 {
            (state.generation == nil ? 0 : isKnown) | (state.generation?.isSerial ?? true ? isSerial : 0)
                | (state.condition == .healthy ? isHealthy : 0)
        }
    }

    private static let nextSerial = Atomic<UInt64>(1)
    /// How long an answer about the server's health stands for it while it is busy.
    private static let healthMilliseconds: Int64 = 60_000

    init(_ specification: Specification, expires: Int64? = nil) {
        serial = Self.nextSerial.wrappingAdd(1, ordering: .relaxed).oldValue
        self.specification = specification
        let first = State(generation: specification.generation, expires: expires)
        summary = Atomic(Summary.of(first))
        state = Mutex(first)
        turns = RequestTurns(limit: Self.turnLimit(specification.generation))
    }

    /// Until a server's dialect is known it is treated as the most delicate one.
    private static func turnLimit(_ generation: ServerGeneration?) -> Int {
        generation?.isSerial ?? true ? 1 : 64
    }

    /// What is known now.
    var current: State { state.withLock { $0 } }

    /// Whether requests go to it one at a time, whole, and on connections of their own.
    var isSerial: Bool { has(Summary.isSerial) }

    /// Whether WebSockets may be asked for: a connection of its own each, which blocks a serial server.
    var mayHaveWebSockets: Bool { !has(Summary.isSerial) || !has(Summary.isKnown) }

    /// Whether it is known that it does not answer.
    var isUnavailable: Bool { if case .unavailable = current.condition { true } else { false } }

    private func has(_ flag: UInt8) -> Bool { summary.load(ordering: .acquiring) & flag != 0 }

    /// Takes over what was found out.
    /// - Returns: whether anything has changed.
    @discardableResult
    func update(_ change: (inout State) -> Void) -> Bool {
        let (before, after) = state.withLock { state in
            let before = state
            change(&state)
            summary.store(Summary.of(state), ordering: .releasing)
            return (before, state)
        }
        if before.generation != after.generation {
            turns.setLimit(Self.turnLimit(after.generation))
        }
        return before != after
    }

    /// Notes that it has answered.
    /// - Returns: whether that is news.
    @discardableResult
    func noteAnswer() -> Bool {
        guard !has(Summary.isHealthy) else { return false }
        // What was known may no longer hold: it may have been started anew, or be another one.
        isDoubtful.store(true, ordering: .relaxed)
        return update { $0.condition = .healthy }
    }

    /// Notes that it cannot be reached.
    /// - Returns: whether that is news.
    @discardableResult
    func noteFailure(_ reason: String) -> Bool {
        update { $0.condition = .unavailable(reason) }
    }

    // MARK: Health while it is busy

    /// Keeps an answer about its health.
    func keepHealth(_ body: [UInt8], now: Int64) {
        health.withLock { $0 = Kept(body: body, until: now + Self.healthMilliseconds) }
    }

    /// The last answer about its health while it is busy with other requests: viewers stop at the first poll that fails.
    func keptHealth(now: Int64) -> [UInt8]? { turns.isBusy ? recentHealth(now: now) : nil }

    /// The last answer about its health, unless that is too old, or it cannot be reached.
    func recentHealth(now: Int64) -> [UInt8]? {
        guard has(Summary.isHealthy) else { return nil }
        return health.withLock { kept in kept.flatMap { $0.until > now ? $0.body : nil } }
    }
}
