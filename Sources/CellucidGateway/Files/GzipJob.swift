import Reactor
import Server
import Synchronization

/// A coding that is made in the background; its result is looked at by the next request for the file.
final class GzipJob: Sendable {
    private let outcome = Mutex<Result<OpenFile?, SystemError>?>(nil)

    /// What came of it, or `nil` while it is under way.
    var result: Result<OpenFile?, SystemError>? { outcome.withLock { $0 } }

    /// Leaves the result.
    func finish(_ result: Result<OpenFile?, SystemError>) { outcome.withLock { $0 = result } }
}
