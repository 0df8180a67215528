import Bytes
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport

/// What a test and the handlers of its server share.
final class TestSwitches: Sendable {
    /// Handlers of `/gate` wait until it is open.
    let isGateOpen = Mutex(false)
    /// How many requests have come to `/gate`.
    let waitingAtGate = Mutex(0)
    /// What has become of upgrades, in order.
    let upgradeEvents = Mutex<[TestUpgrade.Event]>([])
    /// What has become of the clients of `/watch` and its like, in order.
    let clientEvents = Mutex<[String]>([])
    /// How the last read of a request's body ended.
    let lastFailure = Mutex<RequestBodyError?>(nil)
}

/// Answers in all the ways that a handler can, by path.
final class TestHandler: RequestHandler {
    private let context: WorkerContext
    private let switches: TestSwitches

    init(_ context: WorkerContext, _ switches: TestSwitches) {
        self.context = context
        self.switches = switches
    }

    func respondAtOnce(to exchange: Exchange) -> Bool { false }

    func respond(to exchange: Exchange) async {
        let response = exchange.response
        switch String(decoding: exchange.request.path, as: UTF8.self) {
        case "/echo": await echo(exchange, limit: 1 << 20, isStubborn: false)
        case "/echo-ten": await echo(exchange, limit: 10, isStubborn: false)
        case "/stubborn": await echo(exchange, limit: 10, isStubborn: true)
        case "/close":
            response.closesConnection = true
            response.body = .bytes(Array("closing".utf8))
        case "/nothing": response.status = .noContent
        case "/big": response.body = .bytes(TestHandler.bigBody)
        case "/unknown": response.body = .source(TestSource(pieces: TestHandler.pieces), length: nil)
        case "/exact":
            let length = TestHandler.pieces.reduce(0) { $0 + $1.count }
            response.body = .source(TestSource(pieces: TestHandler.pieces), length: UInt64(length))
        case "/slow":
            response.body = .source(TestSource(pieces: TestHandler.pieces, loop: context.loop), length: nil)
        case "/too-short": response.body = .source(TestSource(pieces: [[1, 2, 3]]), length: 10)
        case "/too-long": response.body = .source(TestSource(pieces: [[1, 2, 3], [4, 5]]), length: 4)
        case "/failing": response.body = .source(TestSource(pieces: [[1, 2, 3]], fails: true), length: nil)
        case "/upgrade": TestUpgrade.accept(exchange, switches)
        case "/upgrade-later":
            await waitAtGate()
            TestUpgrade.accept(exchange, switches)
        case "/upgrade-if-asked":
            if ProtocolUpgrade.isAsked(by: exchange.request) {
                TestUpgrade.accept(exchange, switches)
            } else {
                response.body = .bytes(Array("not asked".utf8))
            }
        case "/switching": response.status = .switchingProtocols
        case "/watch": await watch(exchange, forgets: false)
        case "/forget": await watch(exchange, forgets: true)
        case "/watched":
            exchange.whenClientGoes { [switches] in switches.clientEvents.withLock { $0.append("gone") } }
            response.body = .bytes(Array("watched".utf8))
        case "/stop": await stopReceiving(exchange)
        case "/gate":
            await waitAtGate()
            response.body = .bytes(Array("through".utf8))
        default: response.body = .bytes(Array("plain".utf8))
        }
    }

    private func waitAtGate() async {
        switches.waitingAtGate.withLock { $0 += 1 }
        while !switches.isGateOpen.withLock({ $0 }) { await context.loop.sleep(milliseconds: 2) }
    }

    /// Waits until the client has gone, or the gate is open.
    private func watch(_ exchange: Exchange, forgets: Bool) async {
        let switches = switches
        exchange.whenClientGoes { switches.clientEvents.withLock { $0.append("gone") } }
        if forgets { exchange.forgetClientGoing() }
        switches.waitingAtGate.withLock { $0 += 1 }
        while !switches.isGateOpen.withLock({ $0 }), switches.clientEvents.withLock({ $0.isEmpty }) {
            await context.loop.sleep(milliseconds: 2)
        }
        exchange.response.body = .bytes(Array("waited".utf8))
    }

    /// Reads the body until it is told at the gate to read no more.
    private func stopReceiving(_ exchange: Exchange) async {
        let bound = LoopBound((exchange: exchange, handler: self), loop: context.loop)
        let stopping = Task(executorPreference: context.loop) {
            await bound.value.handler.waitAtGate()
            bound.value.exchange.stopReceiving()
        }
        exchange.body.limit = 1 << 20
        let received = ByteBuffer(capacity: 1024)
        do throws(RequestBodyError) {
            while try await exchange.body.read(into: received) > 0 {}
        } catch {
            switches.lastFailure.withLock { $0 = error }
        }
        await stopping.value
        received.append(" stopped")
        exchange.response.body = .bytes(received.unread.copied())
    }

    static let pieces: [[UInt8]] =
        [
            Array("first ".utf8), [], Array("second ".utf8), [UInt8](repeating: 0x78, count: 40_000),
            [0x0d, 0x0a],
        ]
    static let bigBody: [UInt8] = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }

    private func echo(_ exchange: Exchange, limit: UInt64, isStubborn: Bool) async {
        exchange.body.limit = limit
        let received = ByteBuffer(capacity: 1024)
        do throws(RequestBodyError) {
            while try await exchange.body.read(into: received) > 0 {}
            exchange.response.body = .bytes(received.unread.copied())
        } catch {
            switches.lastFailure.withLock { $0 = error }
            if case .refused(let error) = error, !isStubborn { exchange.response.setError(error) }
        }
    }
}

/// A body that is made of given pieces.
final class TestSource: BodySource {
    struct Failure: Error {}

    private var pieces: [[UInt8]]
    private let fails: Bool
    private let loop: EventLoop?

    /// With a loop, each piece takes a while.
    init(pieces: [[UInt8]], fails: Bool = false, loop: EventLoop? = nil) {
        self.pieces = pieces
        self.fails = fails
        self.loop = loop
    }

    func pull(into buffer: ByteBuffer) async throws -> Bool {
        if let loop { await loop.sleep(milliseconds: 3) }
        if pieces.isEmpty {
            if fails { throw Failure() }
            return false
        }
        buffer.append(pieces.removeFirst())
        return true
    }
}
