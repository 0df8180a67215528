import Bytes
import HTTP
import Reactor
import Server
import Synchronization
import Telemetry
import TestSupport

/// A server on the loopback interface that answers paths with given documents, and 404 elsewhere.
final class ScriptedBackend: Sendable {
    struct Document: Sendable {
        var status: UInt16 = 200
        var body = ""
    }

    /// A request that came.
    struct Request: Sendable, Equatable {
        let line: String
        let host: String?
        let connection: String?
        let body: String
    }

    let documents: Mutex<[String: Document]>
    private let log = Mutex<[Request]>([])
    private let server: HTTPServer
    private let pool: BlockingPool
    private let sink: LogSink
    private let folder = TemporaryDirectory()

    /// The requests so far.
    var requests: [Request] { log.withLock { $0 } }
    /// Where it is.
    var url: String { "http://127.0.0.1:\(server.address.port)" }

    private final class Handler: RequestHandler {
        private let backend: LateBackend

        init(_ backend: LateBackend) { self.backend = backend }

        func respondAtOnce(to exchange: Exchange) -> Bool { false }

        func respond(to exchange: Exchange) async {
            let buffer = ByteBuffer(capacity: 1024)
            exchange.body.limit = 1 << 20
            while let count = try? await exchange.body.read(into: buffer), count > 0 {}
            let request = exchange.request
            let (method, target) = (request.methodName.text(), request.target.text())
            let document = backend.note(
                Request(
                    line: "\(method) \(target)",
                    host: request.value(.host)?.text(),
                    connection: request.value(.connection)?.text(),
                    body: buffer.unread.text()
                ),
                target
            )
            exchange.response.status = Status(document.status)
            exchange.response.body = .bytes(Array(document.body.utf8))
        }
    }

    /// The backend, which its server's handlers are made before.
    private final class LateBackend: Sendable {
        private let action = Mutex<(@Sendable (Request, String) -> Document)?>(nil)

        func set(_ action: @escaping @Sendable (Request, String) -> Document) {
            self.action.withLock { $0 = action }
        }

        func note(_ request: Request, _ target: String) -> Document {
            let action = action.withLock { $0 }
            return action?(request, target) ?? Document(status: 503)
        }
    }

    init(_ documents: [String: Document]) throws {
        self.documents = Mutex(documents)
        pool = try BlockingPool(threadCount: 1)
        sink = try LogSink.file(folder("log"))
        let late = LateBackend()
        let settings = HTTPServer.Settings(
            workers: 1,
            blockingPool: pool,
            log: Log(level: .info, format: .text, sink: sink)
        ) { _, _ in Handler(late) }
        guard let address = SocketAddress(host: "127.0.0.1", port: 0) else {
            throw SystemError(code: 0, call: "inet_pton")
        }
        server = try HTTPServer(address: address, tls: nil, settings: settings)
        late.set { [weak self] request, target in
            self?.log.withLock { $0.append(request) }
            return self?.documents.withLock { $0[target] } ?? Document(status: 404, body: "Not found")
        }
        server.start()
    }

    /// Answers that path in another way from now on.
    func set(_ path: String, _ status: UInt16, _ body: String) {
        documents.withLock { $0[path] = Document(status: status, body: body) }
    }

    deinit {
        server.stop(milliseconds: 100)
        pool.stop()
        sink.stop()
    }
}
