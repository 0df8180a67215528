import Bytes
import HTTP
import Reactor
import Telemetry
import TestSupport

@testable import CellucidGateway
@testable import Server

/// A request that came from nowhere, to be answered, and its answer.
final class ExchangeFixture {
    let exchange: Exchange
    private let pool: BlockingPool
    private let sink: LogSink
    private let folder = TemporaryDirectory()

    /// - Parameters:
    ///   - line: method and target.
    ///   - fields: besides Host.
    /// - Throws: when the request is none, or the system lacks something.
    init(_ line: String = "GET /", _ fields: [String] = []) throws {
        let loop = try EventLoop()
        pool = try BlockingPool(threadCount: 1)
        sink = try LogSink.file(folder("log"))
        let log = Log(level: .info, format: .text, sink: sink)
        let settings = HTTPServer.Settings(workers: 1, blockingPool: pool, log: log) { _, _ in Nobody() }
        let context = WorkerContext(loop: loop, settings: settings, tls: nil, counters: settings.counters[0])
        exchange = Exchange(worker: context)
        let text =
            (["\(line) HTTP/1.1", "Host: gateway:8765"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        let bytes = Array(text.utf8)
        guard try exchange.parser.parse(bytes.span, into: exchange.request) == bytes.count else {
            throw Incomplete()
        }
    }

    deinit {
        pool.stop()
        sink.stop()
    }

    struct Incomplete: Error {}

    /// The status of the answer.
    var status: UInt16 { exchange.response.status.code }

    /// The field lines of the answer.
    var lines: [String] {
        let fields = exchange.response.fields
        return fields.block.text().split(separator: "\r\n").map(String.init)
    }

    /// The values of the answer's fields of that name.
    func values(_ name: String) -> [String] {
        let start = name.lowercased() + ": "
        return lines.filter { $0.lowercased().hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }

    /// The answer's body when it is in memory.
    var text: String? {
        switch exchange.response.body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    private final class Nobody: RequestHandler {
        func respondAtOnce(to exchange: Exchange) -> Bool { true }
        func respond(to exchange: Exchange) async {}
    }
}
