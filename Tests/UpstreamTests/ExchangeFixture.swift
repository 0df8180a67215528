import Bytes
import HTTP
import Reactor

@testable import Upstream

/// Ways to make an exchange in a test.
extension UpstreamExchange {
    /// Sends a request line with a Host field, and what follows the head at once.
    func begin(
        _ request: Request,
        _ target: String = "/",
        fields: String = "",
        body: String = ""
    ) async throws {
        try await begin(request) { buffer in
            buffer.append(
                "\(request.method == .post ? "POST" : "GET") \(target) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
            )
            buffer.append(body)
        }
    }

    /// Reads the answer's body to its end.
    func text() async throws(UpstreamError) -> String {
        let buffer = ByteBuffer(capacity: 16)
        while try await read(into: buffer) > 0 {}
        return buffer.unread.text()
    }
}

extension UpstreamExchange.Request {
    /// A request that may be sent again.
    static var get: Self { Self(method: .get, isRepeatable: true) }
    /// One that may not.
    static var post: Self { Self(method: .post, isRepeatable: false) }
}

/// How an exchange ended: what a test can compare.
enum ExchangeOutcome: Equatable, Sendable {
    case answer(Int, String)
    case failure(UpstreamError.Cause)
    case feedFailure(PieceFeed.Failure)

    /// Makes an exchange with a pool.
    static func of(
        _ exchange: UpstreamExchange,
        _ request: UpstreamExchange.Request,
        _ target: String = "/",
        fields: String = "",
        body: String = ""
    ) async -> Self {
        do {
            try await exchange.begin(request, target, fields: fields, body: body)
            return .answer(Int(exchange.head.status.code), try await exchange.text())
        } catch let error as UpstreamError {
            return .failure(error.cause)
        } catch let error as UpstreamExchange.FeedError {
            return .feedFailure((error.reason as? PieceFeed.Failure) ?? .stopped)
        } catch {
            return .feedFailure(.stopped)
        }
    }
}

extension UpstreamHarness {
    /// Runs `body` on the loop with a pool of connections to `origin`.
    func withPool<Result: Sendable>(
        _ origin: String,
        _ options: Options = Options(),
        _ body: @escaping @Sendable (ConnectionPool) async throws -> Result
    ) async throws -> Result {
        let task = Task(executorPreference: loop) { [self] in
            let prefix = "unix:"
            let place =
                origin.hasPrefix(prefix)
                ? try Origin(socketPath: String(origin.dropFirst(prefix.count))) : try Origin(origin)
            let pool = ConnectionPool(origin: place, context: try context(options), limits: options.limits)
            defer { pool.close() }
            return try await body(pool)
        }
        return try await task.value
    }
}
