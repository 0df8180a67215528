import HTTP
import TestSupport
import Testing

@testable import HTTP2

/// Bodies of answers: windows, order, and bodies that are made while they are sent.
struct HTTP2SessionSendingTests {
    private typealias Kind = ClientFrame.Kind

    private static let largeWindows: [(UInt16, UInt32)] = [(4, 1 << 30)]

    /// A session with these requests open, each with its stream.
    private func session(
        _ count: Int,
        settings: [(UInt16, UInt32)] = [],
        fields: [Int: [(String, String)]] = [:]
    ) -> (test: SessionUnderTest, streams: [HTTP2Stream]) {
        let test = SessionUnderTest()
        test.begin(settings)
        for number in 0..<count {
            test.receive(.request(more: fields[number] ?? [], stream: UInt32(2 * number + 1)))
        }
        return (test, test.requests())
    }

    private func pattern(_ range: Range<UInt64>) -> [UInt8] { range.map(SessionUnderTest.pattern) }

    // MARK: Windows

    @Test func theConnectionsWindowIsKept() {
        let (test, streams) = session(1, settings: Self.largeWindows)
        test.respond(to: streams[0], bytes: 100_000)
        let first = test.send()
        #expect(first.body(of: 1) == pattern(0..<65_535))
        #expect(first.allSatisfy { $0.payload.count <= 16_384 })
        #expect(!test.session.isBlocked(streams[0]))
        #expect(streams[0].hasUnsentBody)
        test.receive(.windowUpdate(1))
        #expect(test.send().body(of: 1) == pattern(65_535..<65_536))
        test.receive(.windowUpdate(1_000_000))
        let rest = test.send()
        #expect(rest.body(of: 1) == pattern(65_536..<100_000))
        #expect(rest.last?.endsStream == true)
        #expect(!streams[0].hasUnsentBody)
        #expect(test.events() == ["closed 1 0"])
    }

    @Test(arguments: [0, 1, 10, 16_384, 16_385, 65_535]) func aStreamsWindowIsKept(window: Int) {
        let (test, streams) = session(2, settings: [(4, UInt32(window))])
        for stream in streams { test.respond(to: stream, bytes: 70_000) }
        let sent = test.send()
        // The connection's window of 65,535 is for both.
        #expect(sent.body(of: 1).count + sent.body(of: 3).count == min(2 * window, 65_535))
        #expect(sent.body(of: 1) == pattern(0..<UInt64(sent.body(of: 1).count)))
        #expect(test.session.isBlocked(streams[0]) == (sent.body(of: 1).count == window))
        test.receive(
            .windowUpdate(100_000),
            .windowUpdate(70_000, stream: 1),
            .windowUpdate(70_000, stream: 3)
        )
        #expect(!test.session.isBlocked(streams[0]))
        test.receive(.windowUpdate(100_000))
        let rest = test.send()
        #expect(sent.body(of: 1) + rest.body(of: 1) == pattern(0..<70_000))
        #expect(sent.body(of: 3) + rest.body(of: 3) == pattern(0..<70_000))
        #expect(Set(test.events()) == ["closed 1 0", "closed 3 0"])
    }

    @Test func aWindowThatShrinksBelowZeroBlocksUntilItIsOpenAgain() {
        let (test, streams) = session(1)
        test.respond(to: streams[0], bytes: 70_000)
        #expect(test.send().body(of: 1).count == 65_535)
        test.receive(.settings([(4, 0)]), .windowUpdate(100_000), .windowUpdate(65_535, stream: 1))
        #expect(test.session.isBlocked(streams[0]))
        #expect(test.send() == [.settingsAcknowledgement])
        test.receive(.windowUpdate(1, stream: 1))
        #expect(test.send().body(of: 1).count == 1)
    }

    @Test(arguments: [16_384, 16_385, 20_000]) func framesAreNoLargerThanAllowed(maximum: Int) {
        let (test, streams) = session(1, settings: [(5, UInt32(maximum))])
        test.respond(to: streams[0], bytes: 50_000)
        let sent = test.send()
        #expect(sent.body(of: 1) == pattern(0..<50_000))
        #expect(sent.allSatisfy { $0.payload.count <= maximum })
    }

    @Test(arguments: [1, 100, 1_000, 20_000, 100_000]) func sendingGoesOnWhereItStopped(limit: Int) {
        let (test, streams) = session(3)
        for stream in streams { test.respond(to: stream, bytes: 20_000) }
        var sent: [ClientFrame] = []
        for _ in 0..<1_000 where test.session.wantsToSend { sent += test.send(upTo: limit) }
        #expect(!test.session.wantsToSend)
        for id in [1, 3, 5] as [UInt32] { #expect(sent.body(of: id) == pattern(0..<20_000)) }
        #expect(test.events().count == 3)
    }

    // MARK: Order

    /// The streams of the DATA frames in the order in which they begin.
    private func order(_ frames: [ClientFrame]) -> [UInt32] {
        frames.ofType(Kind.data).map(\.stream).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    @Test func bodiesFollowOneAfterTheOther() {
        let (test, streams) = session(3)
        for stream in streams { test.respond(to: stream, bytes: 20_000) }
        #expect(order(test.send()) == [1, 3, 5])
    }

    @Test func sharedBodiesTakeTurns() {
        let (test, streams) = session(2)
        for stream in streams {
            test.respond(to: stream, bytes: 32_000)
            test.session.share(stream, urgency: 3)
        }
        #expect(order(test.send()).count > 2)
    }

    @Test func whatIsMoreUrgentComesFirst() {
        let fields = [0: [("priority", "u=7")], 1: [("priority", "u=0")], 2: [("priority", "u=3")]]
        let (test, streams) = session(3, fields: fields)
        for stream in streams { test.respond(to: stream, bytes: 20_000) }
        #expect(order(test.send()) == [3, 5, 1])
    }

    @Test func sharingKeepsTheUrgency() {
        let (test, streams) = session(2)
        for (stream, urgency) in zip(streams, [6, 2] as [UInt8]) {
            test.respond(to: stream, bytes: 20_000)
            test.session.share(stream, urgency: urgency)
        }
        #expect(order(test.send()) == [3, 1])
    }

    // MARK: Bodies that are made while they are sent

    @Test func aBodyInPieces() {
        let (test, streams) = session(1)
        let stream = streams[0]
        test.session.respond(
            to: stream,
            status: .ok,
            date: [],
            fields: ResponseFields(),
            length: nil,
            hasBody: true
        )
        #expect(test.send().map(\.type) == [Kind.headers])
        #expect(!test.session.wantsToSend)
        for piece in [5, 1, 20_000] as [UInt64] {
            let start = stream.sentBytes
            test.session.bodyAvailable(stream, bytes: piece, isLast: false)
            let sent = test.send()
            #expect(sent.body(of: 1) == pattern(start..<(start + piece)))
            #expect(sent.allSatisfy { !$0.endsStream })
        }
        test.session.bodyAvailable(stream, bytes: 0, isLast: true)
        #expect(test.send() == [.data([], stream: 1, ends: true)])
        #expect(test.events() == ["closed 1 0"])
    }

    @Test func aBodyThatCannotBeHadIsAReset() {
        let (test, streams) = session(2)
        test.brokenStreams = [1]
        for stream in streams { test.respond(to: stream, bytes: 100) }
        let sent = test.send()
        #expect(sent.body(of: 1).isEmpty)
        // INTERNAL_ERROR.
        #expect(sent.ofType(Kind.reset) == [.reset(1, code: 2)])
        #expect(sent.body(of: 3) == pattern(0..<100))
        #expect(Set(test.events()) == ["closed 1 2", "closed 3 0"])
        #expect(streams[0].sentBytes == 0)
    }

    @Test func aStreamThatIsResetWhileItsBodyIsDueSendsNoMore() {
        let (test, streams) = session(2, settings: Self.largeWindows)
        for stream in streams { test.respond(to: stream, bytes: 60_000) }
        let before = test.send(upTo: 20_000).body(of: 1)
        #expect(!before.isEmpty)
        test.receive(.reset(1))
        let after = test.send()
        #expect(after.body(of: 1).isEmpty)
        #expect(after.body(of: 3) == pattern(0..<UInt64(min(60_000, 65_535 - before.count))))
    }

    @Test func anInterimAnswerComesBeforeTheOther() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("POST", "/", more: [("expect", "100-continue")], stream: 1, ends: false))
        let stream = try #require(test.requests().first)
        test.session.sendContinue(on: stream)
        let interim = test.send()
        #expect(interim.map(\.type) == [Kind.headers])
        #expect(interim.map(\.endsStream) == [false])
        test.receive(.data([1], stream: 1, ends: true))
        test.respond(to: stream, bytes: 1)
        #expect(test.send().map(\.endsStream) == [false, true])
    }

    // MARK: Memory

    @Test func memoryThatWasHandedBackComesBack() {
        let (test, streams) = session(1)
        test.respond(to: streams[0], bytes: 30_000)
        _ = test.send()
        for id in [3, 5, 7] as [UInt32] {
            test.session.releaseIdleMemory()
            test.receive(.request(stream: id))
            test.respond(to: test.requests()[0], bytes: 1_000)
            #expect(test.send().body(of: id) == pattern(0..<1_000))
        }
    }

    @Test func manySessionsShareTheirMemory() {
        let scratch = HTTP2Scratch(heads: RequestHeadPool(), buffers: .init())
        for _ in 0..<2 {
            let tests = (0..<150).map { _ in SessionUnderTest(scratch: scratch) }
            for test in tests { test.begin() }
            for test in tests {
                test.receive(.request(stream: 1))
                test.respond(to: test.requests()[0], bytes: 2_000)
            }
            for (number, test) in tests.enumerated() {
                #expect(test.send().body(of: 1) == pattern(0..<2_000))
                if number % 3 == 0 { test.session.releaseIdleMemory() }
            }
            for test in tests {
                test.receive(.request(stream: 3))
                test.respond(to: test.requests()[0], bytes: 10)
                #expect(test.send().body(of: 3) == pattern(0..<10))
            }
        }
    }
}
