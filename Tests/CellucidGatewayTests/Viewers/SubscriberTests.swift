import Reactor
import TestSupport
import Testing
import Viewers

@testable import CellucidGateway

@Suite struct SubscriberTests {
    private let folder = TemporaryDirectory()
    private let pool: BlockingPool
    private let id: ViewerID
    private let store: SubscriberStore

    init() throws {
        pool = try BlockingPool(threadCount: 4)
        id = try #require(ViewerID("v1"))
        store = try SubscriberStore(folder: folder("viewers"))
        try store.add(
            SubscriberRecord(id: id, secret: SecretHash(of: "x"), created: Clock.unixMilliseconds())
        )
    }

    private func event(_ number: Int) -> [UInt8] { Array("{\"number\":\(number)}".utf8) }

    @Test func eventsGetTheirNumbersInTheOrderOfTheCalls() async throws {
        let subscriber = Subscriber(id, store, pool: pool)
        let results = await withTaskGroup(of: (Int, Subscriber.Appended).self) { group in
            for number in 0..<500 {
                group.addTask { (number, await subscriber.append(event(number))) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var cursor: UInt64?
        var numbers: [UInt64: [UInt8]] = [:]
        while numbers.count < 500 {
            let batch = try await subscriber.read(after: cursor, mostBytes: 1000).get()
            try #require(!batch.records.isEmpty)
            for record in batch.records { numbers[record.id] = record.json }
            cursor = batch.cursor
        }
        #expect(numbers.keys.sorted() == Array(1...500))
        for (number, result) in results {
            guard case .kept(let id) = result else {
                Issue.record("\(number): \(result)")
                continue
            }
            #expect(numbers[id] == event(number))
        }
        #expect(!subscriber.hasNews(after: 500))
        #expect(subscriber.hasNews(after: 499))
        #expect(subscriber.hasNews(after: nil))
        pool.stop()
    }

    @Test func eventsInTurnAreKeptInTurn() async throws {
        let subscriber = Subscriber(id, store, pool: pool)
        for number in 1...20 {
            #expect(await subscriber.append(event(number)) == .kept(UInt64(number)))
        }
        pool.stop()
    }

    @Test func eventsThatWaitForTheDiskHaveALimit() async throws {
        let single = try BlockingPool(threadCount: 1)
        let gate = try Latch(count: 1)
        single.submit { _ = gate.wait() }
        let subscriber = Subscriber(id, store, pool: single)
        let large = [UInt8](repeating: 0x20, count: 1 << 20)
        let results = await withTaskGroup(of: Subscriber.Appended.self) { group in
            for _ in 0..<20 { group.addTask { await subscriber.append(large) } }
            var results: [Subscriber.Appended] = []
            // Nothing else can be said before the disk is there.
            for _ in 0..<4 { if let result = await group.next() { results.append(result) } }
            gate.countDown()
            for await result in group { results.append(result) }
            return results
        }
        #expect(results.prefix(4) == [.busy, .busy, .busy, .busy])
        #expect(Set(results.dropFirst(4).map { "\($0)" }).count == 16)
        #expect(results.dropFirst(4).allSatisfy { if case .kept = $0 { true } else { false } })
        single.stop()
        pool.stop()
    }

    @Test func aClosedViewerTakesNothing() async throws {
        let subscriber = Subscriber(id, store, pool: pool)
        #expect(await subscriber.append(event(1)) == .kept(1))
        subscriber.close()
        #expect(subscriber.isClosed)
        #expect(await subscriber.append(event(2)) == .closed)
        pool.stop()
    }

    @Test func whatIsRemovedUnderItIsClosed() async throws {
        let subscriber = Subscriber(id, store, pool: pool)
        #expect(await subscriber.append(event(1)) == .kept(1))
        try store.remove(id)
        #expect(await subscriber.append(event(2)) == .closed)
        let read = await subscriber.read(after: nil, mostBytes: 1000)
        if case .failure(let error) = read { #expect(error.kind == .closed) } else { Issue.record("\(read)") }
        pool.stop()
    }
}
