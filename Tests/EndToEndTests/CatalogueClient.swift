import Dispatch
import Synchronization
import TestSupport

/// A client that asks for the files of a changing dataset again and again, on a thread of its own, and judges
/// every answer.
final class CatalogueClient: Sendable {
    /// What the client may expect at the moment.
    struct Expectation: Sendable {
        /// The versions that may be seen.
        var versions: ClosedRange<Int>
        /// Whether the dataset may be missing.
        var mayBeMissing = false
        /// Whether a file may be there in part: the beginning of the newest version.
        var mayBePartial = false
        /// Counts the changes of the above.
        var changes = 0
    }

    private struct State {
        var expectation: Expectation
        var isStopping = false
        var answers: [String: Int] = [:]
        var mistakes: [String] = []
        var newest: [String: Int] = [:]
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "catalogue client")
    private let versions: CatalogueVersions
    private let port: UInt16

    /// Begins to ask.
    /// - Parameters:
    ///   - port: the gateway's port.
    ///   - versions: what the dataset at `/cells/` consists of.
    ///   - first: the version it has now.
    init(port: UInt16, versions: CatalogueVersions, first: Int) {
        self.port = port
        self.versions = versions
        state = Mutex(State(expectation: Expectation(versions: first...first)))
        queue.async { self.run() }
    }

    /// Changes what may be expected.
    func expect(_ change: (inout Expectation) -> Void) {
        state.withLock { state in
            change(&state.expectation)
            state.expectation.changes += 1
        }
    }

    /// The newest version of `file` that was seen.
    func newest(_ file: String) -> Int { state.withLock { $0.newest[file] ?? 0 } }

    /// Ends the client.
    /// - Returns: how often each file was got, and what was wrong, at most twenty of it.
    func stop() -> (answers: [String: Int], mistakes: [String]) {
        state.withLock { $0.isStopping = true }
        queue.sync {}
        return state.withLock { ($0.answers, $0.mistakes) }
    }

    private func run() {
        var connection: RawConnection?
        while !state.withLock({ $0.isStopping }) {
            for file in CatalogueVersions.files {
                do {
                    let open = try connection ?? RawConnection(port: port)
                    connection = open
                    try ask(open, file)
                } catch {
                    connection = nil
                    note(mistake: "\(file): \("\(error)".prefix(200))")
                }
            }
        }
    }

    private func ask(_ connection: RawConnection, _ file: String) throws {
        let before = state.withLock { $0.expectation }
        let answer = try connection.exchange("GET", "/cells/\(file)")
        let after = state.withLock { $0.expectation }
        if answer.status == 404 {
            let isExpected = before.mayBeMissing || after.mayBeMissing || before.changes + 1 < after.changes
            if !isExpected { note(mistake: "\(file): 404") }
            return
        }
        guard answer.status == 200 else {
            note(mistake: "\(file): \(answer.statusLine)")
            return
        }
        let range = before.versions.lowerBound...after.versions.upperBound
        let newest = versions.content(file, range.upperBound)
        if before.mayBePartial, answer.body.count < newest.count, newest.starts(with: answer.body) { return }
        guard let number = versions.number(of: answer.body, file, among: range) else {
            let kinds = Set(answer.body)
            note(
                mistake:
                    "\(file): \(answer.body.count) bytes of \(kinds.count) kinds are no version of \(range)"
            )
            return
        }
        state.withLock { state in
            state.answers[file, default: 0] += 1
            if number < state.newest[file] ?? 0 {
                state.mistakes.append("\(file): version \(number) after \(state.newest[file] ?? 0)")
            }
            state.newest[file] = max(number, state.newest[file] ?? 0)
        }
    }

    private func note(mistake: String) {
        state.withLock { if $0.mistakes.count < 20 { $0.mistakes.append(mistake) } }
    }
}
