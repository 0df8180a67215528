import Synchronization
import Testing
import Viewers

@testable import CellucidGateway

/// Requests with names that wait for their turn, and what became of each.
///
/// Everything is awaited by looking at what the turns and the requests say, never by time alone.
final class TurnLine: Sendable {
    private struct Member: Sendable {
        let key: String?
        let token: UInt64
    }

    private struct State: Sendable {
        var members: [String: Member] = [:]
        var started: [String] = []
        var running: [String] = []
        var refused: [String: RequestTurns.Refusal] = [:]
        /// Requests that have joined and were neither started nor refused.
        var undecided: Set<String> = []
    }

    let turns: RequestTurns
    private let state = Mutex(State())

    init(limit: Int) { turns = RequestTurns(limit: limit) }

    /// The names of those that got their turn, in order.
    var started: [String] { state.withLock { $0.started } }
    /// The names of those that have it.
    var running: [String] { state.withLock { $0.running } }
    /// The names of those that were refused.
    var refused: [String: RequestTurns.Refusal] { state.withLock { $0.refused } }
    /// The key of a request.
    func key(_ name: String) -> String? { state.withLock { $0.members[name]?.key } }

    /// Lets a request come, and returns when it has its turn, was refused, or waits.
    func join(
        _ name: String,
        key: String? = nil,
        _ urgency: RequestTurns.Urgency = .usual,
        until deadline: Int64 = .max
    ) async {
        let token = RequestTurns.makeToken()
        state.withLock { state in
            state.members[name] = Member(key: key, token: token)
            state.undecided.insert(name)
        }
        Task { [self] in
            do throws(RequestTurns.Refusal) {
                try await turns.enter(
                    key: key.flatMap { ViewerID($0) },
                    urgency: urgency,
                    until: deadline,
                    token: token
                )
                state.withLock { state in
                    state.undecided.remove(name)
                    state.started.append(name)
                    state.running.append(name)
                }
            } catch {
                state.withLock { state in
                    state.undecided.remove(name)
                    state.refused[name] = error
                }
            }
        }
        await settle()
    }

    /// Ends a turn, and returns when those that began by it have noted it.
    func leave(_ name: String) async {
        let member = state.withLock { state -> Member? in
            guard let place = state.running.firstIndex(of: name) else { return nil }
            state.running.remove(at: place)
            return state.members[name]
        }
        guard let member else {
            Issue.record("\(name) has no turn")
            return
        }
        turns.leave(key: member.key.flatMap { ViewerID($0) })
        await settle()
    }

    /// Gives up.
    func cancel(_ name: String) {
        if let token = state.withLock({ $0.members[name]?.token }) { turns.cancel(token) }
    }

    /// Ends the turns that are there, one after the other, until none waits.
    func finish() async {
        await settle()
        while let name = running.first { await leave(name) }
        #expect(turns.waitingCount == 0)
    }

    /// Waits until each request that came has noted what the turns say of it.
    func settle() async {
        while state.withLock({ $0.undecided.count }) != turns.waitingCount { await Task.yield() }
    }
}
