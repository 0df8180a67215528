import TestSupport
import Testing

/// Single requests over HTTP/2, well-formed ones in unusual forms and malformed ones.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2RequestTests {
    private typealias Code = HTTP2Report.Code

    private static let path = "/pbmc_q16/points_2d.bin"
    /// The stream of the request that follows each case.
    private static let last = 101

    private let folder = TemporaryDirectory()

    private func gateway(_ arguments: [String] = []) throws -> GatewayProcessUnderTest {
        try GatewayProcessUnderTest([Repository.demo, "--h2c"] + arguments)
    }

    private func run(
        _ name: String,
        _ gateway: GatewayProcessUnderTest,
        _ arguments: [String] = []
    ) throws -> HTTP2Report {
        try HTTP2Client.run("requests", name, port: gateway.port, ["path=\(Self.path)"] + arguments)
    }

    /// Whether the file came whole on these streams.
    private func isFileComplete(_ report: HTTP2Report, _ streams: [Int]) -> Bool {
        let file = readFile(Repository.demo + Self.path)
        return streams.allSatisfy { report.ended.contains($0) && readFile(folder("\($0)")) == file }
    }

    // MARK: Fields

    /// Header fields and what comes of them.
    struct Fields: Sendable, CustomTestStringConvertible {
        /// Names and values, a JSON array.
        let json: String
        /// The status; `nil` when the stream is reset.
        var status: Int?
        var code = HTTP2Report.Code.protocolError

        /// Fields that come after those of a plain request.
        static func more(_ json: String, status: Int? = nil) -> Fields {
            Fields(json: "[\(plain),\(json)]", status: status)
        }

        private static let plain =
            #"[":method","GET"],[":scheme","http"],[":authority","AUTHORITY"],[":path","/pbmc_q16/points_2d.bin"]"#

        /// Fields without the rest.
        static func all(_ json: String, status: Int? = nil) -> Fields {
            Fields(json: "[\(json)]", status: status)
        }

        var testDescription: String { json }
    }

    private static let method = #"[":method","GET"]"#
    private static let scheme = #"[":scheme","http"]"#
    private static let authority = #"[":authority","AUTHORITY"]"#
    private static let target = #"[":path","/pbmc_q16/points_2d.bin"]"#

    @Test(
        "Malformed requests are reset, unanswerable ones get an answer, and the connection goes on",
        arguments: [
            // Fine.
            Fields.more(#"["te","trailers"]"#, status: 200),
            Fields.more(#"["host","AUTHORITY"]"#, status: 200),
            Fields.more(#"["cookie","a=1"],["cookie","b=2"]"#, status: 200),
            Fields.more(#"["priority","u=0, i"]"#, status: 200),
            Fields.more(#"["priority","nonsense;;;="]"#, status: 200),
            Fields.more(#"["x-empty",""]"#, status: 200),
            Fields.more(#"["range","bytes=0-9"]"#, status: 206),
            Fields.more(#"["range","bytes=99999-"]"#, status: 416),
            Fields.all("\(method),\(scheme),\(target),[\"host\",\"AUTHORITY\"]", status: 200),
            Fields.all("\(method),\(scheme),\(authority),[\":path\",\"/nothing?here\"]", status: 404),
            Fields.all(#"[":method","BREW"],\#(scheme),\#(authority),\#(target)"#, status: 405),
            Fields.all(#"[":method","POST"],\#(scheme),\#(authority),\#(target)"#, status: 405),
            Fields.all(#"[":method","TRACE"],\#(scheme),\#(authority),\#(target)"#, status: 405),
            Fields.all(#"[":method","OPTIONS"],\#(scheme),\#(authority),[":path","*"]"#, status: 204),
            // Not answerable.
            Fields.more(#"["host","other.example"]"#, status: 400),
            Fields.all(#"\#(method),\#(scheme),[":authority","user@AUTHORITY"],\#(target)"#, status: 400),
            Fields.all(#"\#(method),\#(scheme),[":authority","evil.example"],\#(target)"#, status: 421),
            Fields.all(#"\#(method),\#(scheme),\#(authority),[":path","/../../etc/passwd"]"#, status: 400),
            Fields.all(#"\#(method),\#(scheme),\#(authority),[":path","/%00"]"#, status: 400),
            Fields.all(#"[":method","CONNECT"],[":authority","AUTHORITY"]"#, status: 405),
            // Malformed.
            Fields.all("\(method),\(scheme),\(authority)"),
            Fields.more(#"["host","AUTHORITY"],["host","AUTHORITY"]"#),
            Fields.all("\(method),\(scheme),\(target)"),
            Fields.all(#"\#(method),\#(scheme),[":authority",""],\#(target)"#),
            Fields.all("\(scheme),\(authority),\(target)"),
            Fields.all("\(method),\(authority),\(target)"),
            Fields.all("\(method),\(method),\(scheme),\(authority),\(target)"),
            Fields.all("\(method),\(scheme),\(authority),\(target),\(target)"),
            Fields.all("\(method),\(scheme),\(scheme),\(authority),\(target)"),
            Fields.all("\(method),\(scheme),\(authority),\(authority),\(target)"),
            Fields.all(#"\#(method),\#(scheme),\#(authority),["accept","*/*"],\#(target)"#),
            Fields.all(#"\#(method),\#(scheme),\#(authority),[":path",""]"#),
            Fields.all(#"\#(method),\#(scheme),\#(authority),[":path","pbmc_q16"]"#),
            Fields.all(#"\#(method),\#(scheme),\#(authority),[":path","*"]"#),
            Fields.more(#"[":status","200"]"#), Fields.more(#"[":unknown","1"]"#),
            Fields.all(#"\#(method),\#(scheme),\#(authority),\#(target),[":protocol","websocket"]"#),
            Fields.all(#"[":method","CONNECT"],[":authority","AUTHORITY"],[":path","/"]"#),
            Fields.more(#"["X-Upper","1"]"#), Fields.more(#"["bad name","1"]"#), Fields.more(#"["","1"]"#),
            Fields.more(#"["x-line","a\nb"]"#), Fields.more(#"["x-null","a\u0000b"]"#),
            Fields.more(#"["connection","close"]"#), Fields.more(#"["connection","keep-alive"]"#),
            Fields.more(#"["keep-alive","timeout=5"]"#), Fields.more(#"["transfer-encoding","chunked"]"#),
            Fields.more(#"["proxy-connection","keep-alive"]"#), Fields.more(#"["upgrade","websocket"]"#),
            Fields.more(#"["te","gzip"]"#), Fields.more(#"["te","trailers, gzip"]"#),
            Fields.more(#"["content-length","5"]"#), Fields.more(#"["content-length","x"]"#),
            Fields.more(#"["content-length","0"],["content-length","0"]"#),
        ]
    )
    func fields(sample: Fields) throws {
        let gateway = try gateway()
        let report = try run("fields", gateway, ["fields=\(sample.json)"])
        #expect(report.statuses[1] == sample.status)
        #expect(report.resets == (sample.status == nil ? [1: sample.code] : [:]))
        #expect(report.statuses[Self.last] == 200)
        #expect(report.goaways.isEmpty)
        #expect(report.closed == nil)
    }

    // MARK: Forms

    @Test(
        "Padding, a priority and pieces of a header block change nothing",
        arguments: [
            ("padded", "1"), ("split_head", "1"), ("split_head", "4"), ("split_head", "8"),
        ]
    )
    func forms(name: String, pieces: String) throws {
        let gateway = try gateway()
        let more = name == "padded" ? [] : ["pieces=\(pieces)"]
        let report = try run(name, gateway, ["folder=\(folder.path)"] + more)
        #expect(report.statuses == [1: 200, Self.last: 200])
        #expect(isFileComplete(report, [1, Self.last]))
        #expect(report.closed == nil)
    }

    @Test("Trailers are ignored, whatever they say", arguments: [("GET", 200), ("POST", 405), ("PUT", 405)])
    func trailers(method: String, status: Int) throws {
        let gateway = try gateway()
        let report = try run("trailers", gateway, ["method=\(method)", "folder=\(folder.path)"])
        #expect(report.statuses == [1: status, Self.last: 200])
        #expect(isFileComplete(report, status == 200 ? [1, Self.last] : [Self.last]))
        #expect(report.goaways.isEmpty)
    }

    @Test("A hundred requests at once are answered, each with the whole file")
    func many() throws {
        let gateway = try gateway()
        let report = try run("many", gateway, ["count=100", "folder=\(folder.path)"])
        let streams = (0..<100).map { 2 * $0 + 1 }
        #expect(report.statuses.values.allSatisfy { $0 == 200 })
        #expect(isFileComplete(report, streams))
        #expect(report.resets.isEmpty)
        #expect(report.settings[3] == 128)
        #expect(report.settings[4] == 262_144)
        #expect(report.settings[6] == 65_536)
        #expect(report.settings[9] == 1)
    }

    // MARK: Limits

    @Test(
        "A header list that is too large gets 431, a huge one a reset",
        arguments: [
            (20, 3_200, 200), (70, 1_000, 431), (120, 900, 431), (2_000, 1, 431), (130, 1_000, nil),
        ]
    )
    func largeHead(count: Int, size: Int, status: Int?) throws {
        let gateway = try gateway()
        let report = try run("large_head", gateway, ["count=\(count)", "size=\(size)"])
        #expect(report.statuses[1] == status)
        #expect((report.resets[1] != nil) == (status == nil))
        #expect(report.statuses[Self.last] == 200)
        #expect(report.closed == nil)
    }

    @Test("--http2-header-bytes is the limit of a header list", arguments: [(1, 600, 200), (1, 1_000, 431)])
    func headerBytes(count: Int, size: Int, status: Int) throws {
        let gateway = try gateway(["--http2-header-bytes", "1024"])
        let report = try run("large_head", gateway, ["count=\(count)", "size=\(size)"])
        #expect(report.statuses[1] == status)
        #expect(report.settings[6] == 1024)
    }

    @Test(
        "A block that refers to a large field again and again takes no memory",
        arguments: [
            (10, 200), (17, 431), (31, 431), (15_000, nil),
        ]
    )
    func repeatedReference(count: Int, status: Int?) throws {
        let gateway = try gateway()
        let report = try run("repeated_reference", gateway, ["count=\(count)"])
        #expect(report.statuses[101] == status)
        #expect((report.resets[101] != nil) == (status == nil))
        #expect(report.statuses[103] == 200)
        #expect(LifecycleProcess(processID: gateway.processID).residentKilobytes < 32 * 1024)
    }

    @Test("A stream more than allowed is refused, and the others are answered")
    func refusedStream() throws {
        let gateway = try gateway()
        let report = try run("too_many", gateway, ["count=129", "acknowledges=false"])
        #expect(report.resets == [257: Code.refusedStream])
        #expect(report.ended.count == 128)
        #expect(report.statuses.values.allSatisfy { $0 == 200 })
        #expect(report.closed == nil)
        let status = try JSON(gateway.connect().exchange("GET", "/_gateway/status").body)
        #expect(status["http2Limits"]?["streamsRefused"] == .number(1))
    }

    @Test("A client that knows how many streams are allowed may not open more")
    func tooManyStreams() throws {
        let report = try run("too_many", gateway(["--http2-streams", "5"]), ["count=6"])
        #expect(report.settings[3] == 5)
        #expect(report.goawayCode == Code.protocolError || report.resets == [11: Code.refusedStream])
    }

    // MARK: Content

    @Test(
        "Content that is not as long as announced is a reset",
        arguments: [(10, 9), (10, 11), (0, 1), (10, 0)]
    )
    func content(announced: Int, sent: Int) throws {
        let report = try run("content", gateway(), ["announced=\(announced)", "sent=\(sent)"])
        #expect(report.resets == [1: Code.protocolError])
        #expect(report.statuses[Self.last] == 200)
        #expect(report.closed == nil)
    }

    @Test("Content as long as announced is no mistake", arguments: [0, 10, 20_000])
    func rightContent(length: Int) throws {
        // A DATA frame has at most 16,384 bytes.
        let length = min(length, 16_384)
        let report = try run("content", gateway(), ["announced=\(length)", "sent=\(length)"])
        #expect(report.statuses == [1: 200, Self.last: 200])
        #expect(report.goaways.isEmpty)
    }

    @Test("Content that nobody reads does not use the connection up")
    func refusedContent() throws {
        let report = try run("refused_content", gateway(), ["count=50"])
        #expect(report.statuses.count == 51)
        #expect(report.statuses[Self.last] == 200)
        #expect(report.statuses.values.count { $0 == 405 } == 50)
        #expect(report.resets.values.allSatisfy { $0 == Code.noError })
        #expect(report.closed == nil)
    }

    @Test("Content that is only announced is not waited for")
    func expectation() throws {
        let report = try run("expectation", gateway())
        #expect(report.statuses == [1: 405, Self.last: 200])
        #expect(report.interim.isEmpty)
        #expect(report.resets == [1: Code.noError])
    }
}
