import Synchronization

/// What is under way at the same time.
final class Overlaps: Sendable {
    private struct State: Sendable {
        var keys: [String: Int] = [:]
        var running = 0
        var most = 0
        var keysOverlapped = false
    }

    private let state = Mutex(State())

    /// The most at one time.
    var most: Int { state.withLock { $0.most } }
    /// Whether two of one key were under way at one time.
    var keysOverlapped: Bool { state.withLock { $0.keysOverlapped } }

    func enter(_ key: String?) {
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
            guard let key else { return }
            state.keys[key, default: 0] += 1
            if state.keys[key, default: 0] > 1 { state.keysOverlapped = true }
        }
    }

    func leave(_ key: String?) {
        state.withLock { state in
            state.running -= 1
            if let key { state.keys[key, default: 0] -= 1 }
        }
    }
}
