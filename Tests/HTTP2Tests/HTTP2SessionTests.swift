import HTTP
import TestSupport
import Testing

@testable import HTTP2

/// Requests on their way in, and the beginning and end of streams.
struct HTTP2SessionTests {
    private typealias Kind = ClientFrame.Kind

    @Test func itBeginsWithItsSettingsAndALargeWindow() {
        var settings = HTTP2Settings()
        settings.maxStreams = 7
        settings.maxHeaderBytes = 5_000
        let test = SessionUnderTest(settings)
        let sent = test.send()
        #expect(sent.map(\.type) == [Kind.settings, Kind.windowUpdate])
        let expected = ClientFrame.settings([(3, 7), (4, 262_144), (6, 5_000), (9, 1)])
        #expect(sent.first == expected)
        #expect(sent.last == .windowUpdate(1_048_576 - 65_535))
        #expect(!test.session.hasReceivedSettings)
        test.receive(ClientFrame.preface + ClientFrame.settings().bytes)
        #expect(test.session.hasReceivedSettings)
        #expect(test.send() == [.settingsAcknowledgement])
        #expect(!test.session.wantsToSend)
        #expect(!test.session.isOver)
    }

    @Test func aRequestAndItsAnswer() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("GET", "/a?b", more: [("x-one", "1"), ("x-empty", "")], stream: 1))
        let stream = try #require(test.requests().first)
        #expect(stream.id == 1)
        #expect(stream.isRequestComplete)
        #expect(!stream.isHeadTooLarge)
        #expect(test.head(of: stream) == "GET /a?b; x-one: 1; x-empty: ")
        test.respond(to: stream, bytes: 5)
        let sent = test.send()
        #expect(sent.map(\.type) == [Kind.headers, Kind.data])
        #expect(sent.map(\.endsStream) == [false, true])
        // `:status: 200` (RFC 7541 appendix A).
        #expect(sent[0].payload.first == 0x88)
        #expect(sent.body(of: 1) == (0..<5).map(SessionUnderTest.pattern))
        #expect(stream.sentBytes == 5)
        #expect(test.events() == ["closed 1 0"])
        #expect(stream.isClosed)
    }

    @Test(
        arguments: [
            (Status.ok, 0x88), (.noContent, 0x89), (.partialContent, 0x8a), (.notModified, 0x8b),
            (.notFound, 0x8d),
        ] as [(Status, UInt8)]
    )
    func answersWithoutABody(status: Status, first: UInt8) throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("HEAD", stream: 1))
        test.respond(to: try #require(test.requests().first), status)
        let sent = test.send()
        #expect(sent.map(\.type) == [Kind.headers])
        #expect(sent.map(\.endsStream) == [true])
        #expect(sent[0].payload.first == first)
        #expect(test.events() == ["closed 1 0"])
    }

    /// Everything that a client may send, cut at each byte.
    @Test func cutAnywhereTheSameHappens() {
        let bytes =
            ClientFrame.preface
            + [
                .settings([(4, 1_000)]), .request("GET", "/", stream: 1), .settingsAcknowledgement, .ping(),
                .request("POST", "/post", stream: 3, ends: false), .data([1, 2, 3], stream: 3),
                .data([4], stream: 3), .headers([("x-trailer", "1")], stream: 3), .windowUpdate(10),
                ClientFrame(type: 0xee, payload: [1, 2]), .request("GET", "/reset", stream: 5, ends: false),
                .reset(5, code: 2), ClientFrame(type: 2, stream: 7, payload: [0, 0, 0, 0, 9]),
            ].flatMap(\.bytes)
        let expected = ["request 1", "request 3", "body 3", "body 3", "request 5", "closed 5 2"]
        for cut in 0...bytes.count {
            let test = SessionUnderTest()
            test.receive(Array(bytes[..<cut]))
            test.receive(Array(bytes[cut...]))
            #expect(test.events() == expected, "cut after \(cut) bytes")
            #expect(test.session.violation == nil)
        }
        let test = SessionUnderTest()
        for byte in bytes { test.receive([byte]) }
        #expect(test.events() == expected)
    }

    // MARK: Bodies of requests

    @Test func aBodyComesPieceByPiece() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("POST", "/", stream: 1, ends: false))
        let stream = try #require(test.requests().first)
        #expect(!stream.isRequestComplete)
        #expect(test.body(of: stream) == [])
        test.receive(.data([1, 2], stream: 1), .data([3], stream: 1))
        #expect(test.events() == ["body 1"])
        #expect(stream.receivedCount == 3)
        #expect(test.body(of: stream) == [1, 2, 3])
        #expect(stream.receivedCount == 0)
        test.receive(.data([4], stream: 1))
        #expect(test.events() == ["body 1"])
        test.receive(.data([], stream: 1, ends: true))
        #expect(test.events() == ["body 1"])
        #expect(stream.isRequestComplete)
        #expect(test.body(of: stream) == [4])
        test.respond(to: stream, bytes: 1)
        #expect(test.send().last?.endsStream == true)
        #expect(test.events() == ["closed 1 0"])
    }

    @Test func aBodyThatIsTakenMakesRoomForMore() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("POST", "/", stream: 1, ends: false))
        let stream = try #require(test.requests().first)
        let piece = [UInt8](repeating: 9, count: 16_384)
        for round in 0..<100 {
            test.receive(.data(piece, stream: 1))
            #expect(test.body(of: stream) == piece)
            #expect(!stream.isClosed, "round \(round)")
            _ = test.send()
        }
        #expect(test.session.takeErrorResets() == 0)
    }

    @Test func aBodyThatNobodyTakesStopsAtTheWindow() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("POST", "/", stream: 1, ends: false))
        let stream = try #require(test.requests().first)
        let piece = [UInt8](repeating: 9, count: 16_384)
        for _ in 0..<(HTTP2Settings.streamWindowBytes / piece.count) { test.receive(.data(piece, stream: 1)) }
        #expect(test.send().ofType(Kind.windowUpdate).isEmpty)
        #expect(stream.receivedCount == HTTP2Settings.streamWindowBytes)
        #expect(!stream.isClosed)
        test.receive(.data([1], stream: 1))
        // FLOW_CONTROL_ERROR.
        #expect(test.send().ofType(Kind.reset) == [.reset(1, code: 3)])
        #expect(test.session.takeErrorResets() == 1)
        #expect(test.session.takeErrorResets() == 0)
    }

    /// What a closed stream had received does not count against the connection for ever.
    @Test func droppedBodiesGiveTheConnectionsWindowBack() {
        let test = SessionUnderTest()
        test.begin()
        let piece = [UInt8](repeating: 9, count: 16_384)
        for number in 0..<200 {
            let id = UInt32(2 * number + 1)
            test.now += 1_000
            test.receive(.request("POST", "/", stream: id, ends: false), .data(piece, stream: id), .reset(id))
            for event in test.session.takeEvents() {
                if case .closed(let stream, _) = event { test.session.recycle(stream) }
            }
            #expect(test.send().ofType(Kind.goAway).isEmpty)
        }
        #expect(test.session.violation == nil)
        #expect(!test.session.isOver)
    }

    @Test func trailersEndTheBodyAndAreDropped() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("POST", "/", stream: 1, ends: false))
        let stream = try #require(test.requests().first)
        test.receive(
            .data([1], stream: 1),
            .headers([("x-trailer", "1")], stream: 1)
        )
        #expect(test.events() == ["body 1", "body 1"])
        #expect(stream.isRequestComplete)
        #expect(test.head(of: stream) == "POST /")
        #expect(test.body(of: stream) == [1])
    }

    // MARK: Heads

    @Test func aHeadInPiecesIsUnderWayUntilItsEnd() throws {
        let test = SessionUnderTest()
        test.begin()
        var first = ClientFrame.request("GET", "/", more: [("x-long", "value")], stream: 1)
        let block = first.payload
        first.payload = Array(block.prefix(10))
        first.flags = 1
        test.receive(first)
        #expect(test.session.isReceivingHead)
        #expect(test.events() == [])
        test.receive(ClientFrame(type: Kind.continuation, stream: 1, payload: Array(block[10..<20])))
        #expect(test.session.isReceivingHead)
        test.receive(ClientFrame(type: Kind.continuation, flags: 4, stream: 1, payload: Array(block[20...])))
        #expect(!test.session.isReceivingHead)
        let stream = try #require(test.requests().first)
        #expect(stream.isRequestComplete)
        #expect(test.head(of: stream) == "GET /; x-long: value")
    }

    /// The size of one field, and what becomes of the request.
    @Test(arguments: [
        (500, false, false), (700, false, false), (900, true, false), (1_600, true, false),
        (2_000, false, true),
    ])
    func theSizeOfHeads(size: Int, isTooLarge: Bool, isReset: Bool) {
        var settings = HTTP2Settings()
        settings.maxHeaderBytes = 1_024
        let test = SessionUnderTest(settings)
        test.begin()
        test.receive(.request("GET", "/", more: [("x-long", String(repeating: "a", count: size))], stream: 1))
        let requests = test.requests()
        if isReset {
            #expect(requests.isEmpty)
            #expect(test.send().ofType(Kind.reset).count == 1)
            #expect(test.session.takeErrorResets() == 1)
        } else {
            #expect(requests.map(\.isHeadTooLarge) == [isTooLarge])
        }
        test.receive(.request("GET", "/next", stream: 3))
        #expect(test.requests().map(\.id) == [3])
    }

    @Test(
        arguments: [
            [("te", "gzip")], [("connection", "close")], [("transfer-encoding", "chunked")], [("Upper", "1")],
            [("content-length", "x")], [(":status", "200")], [(":path", "/again")], [("", "empty")],
            [("x", "a\u{0}b")], [("upgrade", "h2c")],
        ]
    )
    func malformedFieldsResetTheirStream(fields: [(String, String)]) {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request("GET", "/", more: fields, stream: 1))
        #expect(test.requests().isEmpty)
        // PROTOCOL_ERROR.
        #expect(test.send() == [.reset(1, code: 1)])
        #expect(test.session.takeErrorResets() == 1)
        test.receive(.request("GET", "/next", stream: 3))
        #expect(test.requests().map(\.id) == [3])
    }

    // MARK: Streams

    @Test func theClientsResetEndsAStream() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1))
        let stream = try #require(test.requests().first)
        test.receive(.reset(1, code: 8))
        #expect(test.events() == ["closed 1 8"])
        #expect(stream.isClosed)
        // Whatever the owner still does with it comes to nothing.
        test.respond(to: stream, bytes: 10)
        test.session.reset(stream, .internalError)
        test.session.sendContinue(on: stream)
        test.session.share(stream, urgency: 1)
        #expect(!test.session.isBlocked(stream))
        #expect(test.send() == [])
    }

    @Test func theOwnersResetEndsAStream() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1), .request(stream: 3))
        let streams = test.requests()
        test.session.reset(try #require(streams.first), .refusedStream)
        test.respond(to: try #require(streams.last))
        let sent = test.send()
        #expect(sent.ofType(Kind.reset) == [.reset(1, code: 7)])
        #expect(sent.ofType(Kind.headers).map(\.stream) == [3])
        #expect(Set(test.events()) == ["closed 1 7", "closed 3 0"])
        #expect(test.session.takeRefusedStreams() == 1)
        #expect(test.session.takeRefusedStreams() == 0)
    }

    @Test func streamsBeyondTheLimitAreRefused() {
        var settings = HTTP2Settings()
        settings.maxStreams = 2
        let test = SessionUnderTest(settings)
        // The settings are not acknowledged: the client need not know the limit yet.
        test.receive(ClientFrame.preface + ClientFrame.settings().bytes)
        _ = test.send()
        test.receive(.request(stream: 1), .request(stream: 3), .request(stream: 5))
        #expect(test.requests().map(\.id) == [1, 3])
        #expect(test.send() == [.reset(5, code: 7)])
        #expect(test.session.takeRefusedStreams() == 1)
    }

    @Test func placesAreUsedAgain() throws {
        let test = SessionUnderTest()
        test.begin()
        var places: Set<Int> = []
        for number in 0..<50 {
            let ids = [UInt32(4 * number + 1), UInt32(4 * number + 3)]
            test.receive(.request("GET", "/\(number)", stream: ids[0]), .request(stream: ids[1]))
            let streams = test.requests()
            #expect(streams.map(\.id) == ids.map(Int32.init))
            #expect(test.head(of: streams[0]) == "GET /\(number)")
            for stream in streams {
                #expect(!stream.isClosed)
                #expect(stream.sentBytes == 0)
                places.insert(stream.place)
                test.respond(to: stream, bytes: 3)
            }
            _ = test.send()
            _ = test.events()
            for stream in streams { test.session.recycle(stream) }
        }
        #expect(places == [0, 1])
    }

    @Test func abandoningGivesEveryOpenStreamUp() throws {
        let test = SessionUnderTest()
        test.begin()
        test.receive(.request(stream: 1), .request("POST", stream: 3, ends: false), .data([1], stream: 3))
        let streams = test.requests()
        test.respond(to: streams[0], bytes: 10)
        let open = test.session.abandon()
        #expect(open.map(\.id).sorted() == [1, 3])
        #expect(open.allSatisfy { $0.isClosed })
        #expect(test.events() == [])
        #expect(test.session.isOver)
        #expect(!test.session.wantsToSend)
        for stream in open { test.session.recycle(stream) }
        test.receive(.request(stream: 5))
        #expect(test.events() == [])
        #expect(test.send() == [])
    }
}
