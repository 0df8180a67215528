import Bytes
import HTTP
import TestSupport
import Testing

@testable import HTTP2

/// How sessions end: announced, at once, and because of what the client did.
struct HTTP2SessionEndingTests {
    private typealias Kind = ClientFrame.Kind

    private func goAway(last: UInt32, _ code: UInt32) -> ClientFrame {
        ClientFrame(type: Kind.goAway, payload: ClientFrame.word(last) + ClientFrame.word(code))
    }

    /// What a GOAWAY frame that the session appends says.
    private func terminate(_ test: SessionUnderTest, _ code: HTTP2ErrorCode) -> [ClientFrame] {
        let buffer = ByteBuffer(capacity: 64)
        test.session.terminate(code, into: buffer)
        return ClientFrame.parse(buffer.unread.copied()) + test.send()
    }

    // MARK: Shutting down

    @Test func aShutdownIsAnnouncedAndTakesItsTime() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1))
        let first = try #require(test.requests().first)
        test.session.beginShutdown()
        test.session.beginShutdown()
        let announcement = test.send()
        #expect(announcement.count == 2)
        #expect(announcement.contains(goAway(last: 0x7fff_ffff, 0)))
        #expect(announcement.contains(.ping()))
        test.receive(.request(stream: 3))
        let second = try #require(test.requests().first)
        test.receive(.ping(isAcknowledgement: true))
        #expect(test.events() == ["shutdown acknowledged"])
        test.session.finishShutdown()
        #expect(test.send() == [goAway(last: 3, 0)])
        test.receive(.request(stream: 5))
        #expect(test.requests().isEmpty)
        #expect(!test.session.isOver)
        test.respond(to: first, bytes: 10)
        test.respond(to: second, bytes: 10)
        let sent = test.send()
        #expect(sent.body(of: 1).count == 10)
        #expect(sent.body(of: 3).count == 10)
        #expect(test.session.isOver)
    }

    @Test func answersToOtherPingsAreNoSign() {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.ping(isAcknowledgement: true))
        #expect(test.events() == [])
    }

    @Test func pingsAreAnswered() {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.ping(7))
        #expect(test.send() == [.ping(7, isAcknowledgement: true)])
    }

    @Test func theClientsGoAwayLetsAnswersFinish() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1))
        let stream = try #require(test.requests().first)
        test.receive(.goAway())
        #expect(!test.session.isOver)
        test.respond(to: stream, bytes: 100)
        #expect(test.send().body(of: 1).count == 100)
        #expect(test.session.isOver)
    }

    @Test(arguments: [HTTP2ErrorCode.noError, .enhanceYourCalm, .internalError])
    func terminatingEndsAtOnce(code: HTTP2ErrorCode) throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1))
        test.respond(to: try #require(test.requests().first), bytes: 1_000_000)
        _ = test.send()
        #expect(terminate(test, code) == [goAway(last: 1, code.rawValue)])
        #expect(test.session.isOver)
        test.receive(.request(stream: 3))
        #expect(test.requests().isEmpty)
    }

    // MARK: Violations

    @Test(
        arguments: [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}",
        ]
    )
    func whatIsNotHTTP2(text: String) {
        let test = SessionUnderTest()
        test.receive(Array(text.utf8))
        #expect(test.session.violation == .notHTTP2)
        #expect(test.session.isOver)
        let code = HTTP2Violation.notHTTP2.errorCode
        #expect(code == .protocolError)
        #expect(terminate(test, code).last == goAway(last: 0, 1))
        test.receive(ClientFrame.preface)
        #expect(test.events() == [])
    }

    /// Mistakes that RFC 9113 makes errors of the connection, and their codes.
    @Test(
        arguments: [
            (ClientFrame.data([1], stream: 0), 1), (.request(stream: 0), 1), (.request(stream: 2), 1),
            (ClientFrame(type: 6, payload: [1]), 6), (ClientFrame(type: 4, payload: [1]), 6),
            (ClientFrame(type: 3, stream: 9, payload: [0, 0, 0, 8]), 1), (.windowUpdate(0), 1),
            (.windowUpdate(0x7fff_ffff), 3), (ClientFrame(type: 9, flags: 4, stream: 1), 1),
            (ClientFrame(type: 1, flags: 4, stream: 1, payload: [0xff, 0xff, 0xff, 0xff, 0xff]), 9),
            (.settings([(4, 0x8000_0000)]), 3), (.settings([(5, 1)]), 1),
            (ClientFrame(type: 5, stream: 1, payload: [0, 0, 0, 2]), 1),
        ] as [(ClientFrame, UInt32)]
    )
    func mistakes(frame: ClientFrame, code: UInt32) {
        let test = SessionUnderTest()
        test.begin()
        test.receive(frame)
        let sent = test.send()
        #expect(sent.ofType(Kind.goAway).map { $0.number(at: 4) } == [code])
        #expect(test.session.isOver)
    }

    @Test(arguments: [(8, nil), (9, HTTP2Violation.continuations), (30, .continuations)])
    func continuations(count: Int, violation: HTTP2Violation?) {
        let test = SessionUnderTest()
        test.begin()
        var head = ClientFrame.request(stream: 1)
        head.flags = 1
        test.receive(head)
        for number in 1...count {
            let flags: UInt8 = number == count ? 4 : 0
            test.receive(ClientFrame(type: Kind.continuation, flags: flags, stream: 1))
        }
        #expect(test.session.violation == violation)
        #expect(test.requests().count == (violation == nil ? 1 : 0))
        guard let violation else { return }
        #expect(violation.errorCode == .enhanceYourCalm)
        #expect(terminate(test, violation.errorCode).last?.number(at: 4) == 0xb)
    }

    @Test(
        arguments: [
            .ping(), .settings(), ClientFrame(type: 0xee),
            ClientFrame(type: 2, stream: 99, payload: [0, 0, 0, 0, 9]),
        ] as [ClientFrame]
    )
    func floods(frame: ClientFrame) {
        var settings = HTTP2Settings()
        // Twenty at once; SETTINGS and its acknowledgement have been among them.
        settings.controlFramesPerSecond = 2
        let test = SessionUnderTest(settings)
        test.begin()
        for number in 1...18 {
            test.receive(frame)
            _ = test.send()
            #expect(test.session.violation == nil, "\(number)")
        }
        for _ in 0..<3 { test.receive(frame) }
        #expect(test.session.violation == .controlFrames)
    }

    @Test func timeLetsFramesThrough() {
        var settings = HTTP2Settings()
        settings.controlFramesPerSecond = 2
        let test = SessionUnderTest(settings)
        test.begin()
        for number in 1...200 {
            test.now += 500
            test.receive(.ping())
            _ = test.send()
            #expect(test.session.violation == nil, "\(number)")
        }
    }

    /// Resets by the client, and those that its mistakes provoke.
    @Test(arguments: [false, true]) func resets(isProvoked: Bool) {
        var settings = HTTP2Settings()
        settings.resetsPerSecond = 1
        let test = SessionUnderTest(settings)
        test.begin()
        for number in 0..<12 {
            let id = UInt32(2 * number + 1)
            if isProvoked {
                test.receive(.request(more: [("te", "gzip")], stream: id))
            } else {
                test.receive(.request(stream: id), .reset(id))
            }
            _ = test.send()
            // A provoked reset is counted when it is sent, and judged when more arrives.
            let due = isProvoked ? number > 10 : number > 9
            #expect(test.session.violation == (due ? .resets : nil), "\(number)")
        }
    }
}
