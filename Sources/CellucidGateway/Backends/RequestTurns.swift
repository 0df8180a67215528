import Synchronization
import Viewers

/// The order in which requests go to one backend, whichever event loops they come from.
///
/// Requests with the same key go one after the other in the order in which they came. Otherwise more urgent ones go
/// first; one that has to wait for another of its key lends it its urgency.
final class RequestTurns: Sendable {
    /// How soon a request should be answered.
    enum Urgency: Int, Comparable, Sendable {
        /// Documents and events that people wait for.
        case soon
        /// Files.
        case usual
        /// Events that come in floods and that the next one makes out of date.
        case later

        static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
    }

    /// Why a request does not get its turn.
    enum Refusal: Error, Equatable {
        /// Too many wait already.
        case full
        /// It has waited for too long.
        case timedOut
        /// The backend is no more.
        case closed
        /// Nobody wants the answer any more.
        case cancelled
    }

    @safe
    private struct Waiter {
        let token: UInt64
        let key: ViewerID?
        let urgency: Urgency
        let deadline: Int64
        let continuation: UnsafeContinuation<Refusal?, Never>
    }

    private struct State {
        var limit: Int
        var running = 0
        /// As few as may be under way at once.
        var runningKeys: [ViewerID] = []
        /// In the order in which they came.
        var waiters: [Waiter] = []
        /// Turns since the oldest one went first.
        var sinceOldest = 0
        var isClosed = false
    }

    /// The most requests that wait.
    static let mostWaiting = 512
    /// Every so many turns the request goes that has waited longest, so that none waits for ever.
    private static let oldestEvery = 8

    private let state: Mutex<State>

    /// - Parameter limit: how many requests may be under way at once.
    init(limit: Int) { state = Mutex(State(limit: limit)) }

    /// Whether a request would have to wait.
    var isBusy: Bool { state.withLock { $0.running >= $0.limit } }

    /// Whether a request with this key is under way or waits.
    func isInUse(_ key: ViewerID) -> Bool {
        state.withLock { state in
            state.runningKeys.contains(key) || state.waiters.contains { $0.key == key }
        }
    }

    /// Number of requests that wait.
    var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Lets more or fewer requests be under way at once.
    func setLimit(_ limit: Int) {
        resume(
            state.withLock { state in
                state.limit = limit
                return Self.starting(&state)
            }
        )
    }

    /// Takes a turn if nobody is before; ``leave(key:)`` must follow then.
    /// - Parameter key: requests with the same key go one after the other.
    /// - Returns: whether it is the request's turn; otherwise ``enter(key:urgency:until:token:)`` waits for it.
    func enterAtOnce(key: ViewerID?) -> Bool {
        state.withLock { !$0.isClosed && Self.startAtOnce(key, &$0) }
    }

    /// Waits for a turn; ``leave(key:)`` must follow.
    /// - Parameters:
    ///   - key: requests with the same key go one after the other.
    ///   - urgency: how soon.
    ///   - deadline: monotonic milliseconds.
    ///   - token: what ``cancel(_:)`` knows it by.
    /// - Throws: ``Refusal``; there is no turn to leave then.
    func enter(
        key: ViewerID?,
        urgency: Urgency,
        until deadline: Int64,
        token: UInt64 = makeToken()
    ) async throws(Refusal) {
        let refusal: Refusal? = unsafe await withUnsafeContinuation { continuation in
            var displaced: Waiter?
            let outcome: Refusal?? = state.withLock { state in
                if state.isClosed { return .some(.closed) }
                if Self.startAtOnce(key, &state) { return .some(nil) }
                if state.waiters.count >= Self.mostWaiting {
                    // What is out of date soonest makes room.
                    guard urgency < .later,
                        let index = state.waiters.lastIndex(where: { $0.urgency == .later })
                    else { return .some(.full) }
                    displaced = state.waiters.remove(at: index)
                }
                let waiter = unsafe Waiter(
                    token: token,
                    key: key,
                    urgency: urgency,
                    deadline: deadline,
                    continuation: continuation
                )
                state.waiters.append(waiter)
                return nil
            }
            if let displaced { unsafe displaced.continuation.resume(returning: .full) }
            if let outcome { unsafe continuation.resume(returning: outcome) }
            // One that could begin, but had others before it.
            resume(state.withLock { Self.starting(&$0) })
        }
        if let refusal { throw refusal }
    }

    /// Ends a turn.
    func leave(key: ViewerID?) {
        resume(
            state.withLock { state in
                state.running -= 1
                if let key, let index = state.runningKeys.firstIndex(of: key) {
                    state.runningKeys.swapAt(index, state.runningKeys.count - 1)
                    state.runningKeys.removeLast()
                }
                return state.waiters.isEmpty ? [] : Self.starting(&state)
            }
        )
    }

    /// Refuses a request that still waits.
    func cancel(_ token: UInt64) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.token == token }.map { state.waiters.remove(at: $0) }
        }
        if let waiter { unsafe waiter.continuation.resume(returning: .cancelled) }
    }

    /// A token that no other request has.
    static func makeToken() -> UInt64 { nextToken.wrappingAdd(1, ordering: .relaxed).oldValue }

    private static let nextToken = Atomic<UInt64>(1)

    /// Refuses the requests that have waited for too long.
    /// - Parameter now: monotonic milliseconds.
    func expire(now: Int64) {
        let late = state.withLock { state in
            let late = state.waiters.filter { $0.deadline <= now }
            if !late.isEmpty { state.waiters.removeAll { $0.deadline <= now } }
            return late
        }
        for waiter in late { unsafe waiter.continuation.resume(returning: .timedOut) }
    }

    /// Refuses all requests, now and later.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { unsafe waiter.continuation.resume(returning: .closed) }
    }

    // MARK: Parts

    private func resume(_ waiters: [Waiter]) {
        for waiter in waiters { unsafe waiter.continuation.resume(returning: nil) }
    }

    private static func startAtOnce(_ key: ViewerID?, _ state: inout State) -> Bool {
        guard state.running < state.limit, state.waiters.isEmpty,
            key.map({ !state.runningKeys.contains($0) }) ?? true
        else { return false }
        start(key, &state)
        return true
    }

    private static func start(_ key: ViewerID?, _ state: inout State) {
        state.running += 1
        if let key { state.runningKeys.append(key) }
    }

    /// Takes those out of the queue whose turn it is.
    private static func starting(_ state: inout State) -> [Waiter] {
        var result: [Waiter] = []
        while state.running < state.limit, let index = next(&state) {
            let waiter = state.waiters.remove(at: index)
            start(waiter.key, &state)
            result.append(waiter)
        }
        return result
    }

    private static func next(_ state: inout State) -> Int? {
        var strongest: [ViewerID: Urgency] = [:]
        for waiter in state.waiters {
            if let key = waiter.key { strongest[key] = min(strongest[key] ?? .later, waiter.urgency) }
        }
        var best: (index: Int, urgency: Urgency)?
        var seen: Set<ViewerID> = []
        let oldestFirst = state.sinceOldest >= oldestEvery - 1
        for (index, waiter) in state.waiters.enumerated() {
            if let key = waiter.key {
                // Only the first of a key can go; a later one of it may be why it is urgent.
                guard !state.runningKeys.contains(key), seen.insert(key).inserted else { continue }
            }
            let urgency = waiter.key.flatMap { strongest[$0] } ?? waiter.urgency
            if best == nil || urgency < (best?.urgency ?? .later) { best = (index, urgency) }
            if oldestFirst || best?.urgency == .soon { break }
        }
        if best != nil { state.sinceOldest = oldestFirst ? 0 : state.sinceOldest + 1 }
        return best?.index
    }
}
