import TestSupport
import Testing

/// HTTP/2 clients that send too much of something: what no connection survives, and what is counted.
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2FloodTests {
    private typealias Code = HTTP2Report.Code

    /// A case of `floods.py`.
    struct Flood: Sendable, CustomTestStringConvertible {
        let name: String
        /// The counter in `/_gateway/status`.
        var counter = ""
        var code = HTTP2Report.Code.enhanceYourCalm
        /// The fewest and the most rounds after which it is over.
        var rounds = 50...250

        var testDescription: String { name }
    }

    private func gateway(_ arguments: [String] = []) throws -> GatewayProcessUnderTest {
        try GatewayProcessUnderTest([Repository.demo, "--h2c"] + arguments)
    }

    private func run(
        _ name: String,
        _ gateway: GatewayProcessUnderTest,
        _ arguments: [String] = []
    ) throws -> HTTP2Report {
        try HTTP2Client.run("floods", name, port: gateway.port, ["path=/pbmc_q16/points_2d.bin"] + arguments)
    }

    /// The counters of limits in the gateway's status document.
    private func limits(_ gateway: GatewayProcessUnderTest) throws -> JSON {
        let status = try JSON(gateway.connect().exchange("GET", "/_gateway/status").body)
        return try #require(status["http2Limits"])
    }

    @Test(
        "Floods end the connection with ENHANCE_YOUR_CALM, and are counted",
        arguments: [
            Flood(name: "rapid_reset", counter: "resetFloods"),
            Flood(name: "bad_pseudo_header", counter: "resetFloods"),
            Flood(name: "window_overflow", counter: "resetFloods"),
            Flood(name: "short_content", counter: "resetFloods"),
            Flood(name: "ping", counter: "controlFrameFloods"),
            Flood(name: "ping_acknowledgement", counter: "controlFrameFloods"),
            Flood(name: "settings", counter: "controlFrameFloods"),
            Flood(name: "priority", counter: "controlFrameFloods"),
            Flood(name: "priority_update", counter: "controlFrameFloods"),
            Flood(name: "empty_data", counter: "controlFrameFloods"),
            Flood(name: "tiny_data", counter: "controlFrameFloods"),
            Flood(name: "unknown", counter: "controlFrameFloods"),
            Flood(name: "window_updates", counter: "controlFrameFloods"),
            Flood(name: "stream_window_updates", counter: "controlFrameFloods"),
        ]
    )
    func floods(flood: Flood) throws {
        let gateway = try gateway(["--http2-resets", "10", "--http2-control-frames", "10"])
        let report = try run(flood.name, gateway)
        #expect(report.goawayCode == Code.enhanceYourCalm)
        #expect(report.closed != nil)
        #expect(flood.rounds.contains(report.rounds), "\(report.rounds)")
        #expect(try limits(gateway)[flood.counter] == .number(1))
        #expect(gateway.errorText.contains("127.0.0.1 was disconnected: too many HTTP/2"))
        #expect(!gateway.hasEnded)
    }

    @Test("By default, a client has resets and other frames for ten seconds at once")
    func standardLimits() throws {
        let gateway = try gateway()
        for name in ["rapid_reset", "bad_pseudo_header", "ping", "settings"] {
            let report = try run(name, gateway, ["count=450"])
            #expect(report.goaways.isEmpty, "\(name)")
            #expect(report.closed == nil, "\(name)")
            #expect(report.rounds == 450)
        }
        let reset = try run("rapid_reset", gateway)
        #expect(reset.goawayCode == Code.enhanceYourCalm)
        #expect(reset.rounds > 500)
        #expect(try limits(gateway)["resetFloods"] == .number(1))
    }

    @Test(
        "What the standard calls a mistake ends the connection at once",
        arguments: [
            Flood(name: "zero_increment", code: Code.protocolError),
            Flood(name: "data_beyond_end", code: Code.streamClosed),
            Flood(name: "settings_acknowledgement", code: Code.protocolError),
        ]
    )
    func mistakes(flood: Flood) throws {
        let gateway = try gateway()
        let report = try run(flood.name, gateway)
        #expect(report.goawayCode == flood.code)
        #expect(report.closed != nil)
        #expect(report.rounds <= 100)
        #expect(!gateway.hasEnded)
    }

    // MARK: Header blocks

    /// How often a CONTINUATION frame of how many bytes comes.
    struct Continuations: Sendable, CustomTestStringConvertible {
        let count: Int
        let bytes: Int
        var ends = true

        var testDescription: String { "\(count) of \(bytes) bytes\(ends ? "" : ", without end")" }
    }

    @Test(
        "A header block in eight CONTINUATION frames is taken",
        arguments: [
            Continuations(count: 1, bytes: 100), Continuations(count: 8, bytes: 100),
            Continuations(count: 8, bytes: 5_000),
            Continuations(count: 8, bytes: 0),
        ]
    )
    func fewContinuations(sample: Continuations) throws {
        let report = try continuations(sample, gateway())
        #expect(report.statuses == [1: 200])
        #expect(report.closed == nil)
    }

    @Test(
        "A header block in more CONTINUATION frames ends the connection",
        arguments: [
            Continuations(count: 9, bytes: 100), Continuations(count: 9, bytes: 0),
            Continuations(count: 9, bytes: 16_000),
            Continuations(count: 100_000, bytes: 100, ends: false),
            Continuations(count: 100_000, bytes: 0, ends: false),
            Continuations(count: 10_000, bytes: 16_000, ends: false),
        ]
    )
    func manyContinuations(sample: Continuations) throws {
        let gateway = try gateway()
        let report = try continuations(sample, gateway)
        #expect(report.goawayCode == Code.enhanceYourCalm)
        #expect(report.closed != nil)
        #expect(report.statuses.isEmpty)
        #expect(try limits(gateway)["continuationFloods"] == .number(1))
    }

    private func continuations(_ sample: Continuations, _ gateway: GatewayProcessUnderTest) throws
        -> HTTP2Report
    {
        try run(
            "continuations",
            gateway,
            [
                "count=\(sample.count)", "piece=\(sample.bytes)", "ends=\(sample.ends)",
            ]
        )
    }
}
