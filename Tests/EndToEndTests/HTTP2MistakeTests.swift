import TestSupport
import Testing

/// Frames that no connection survives (RFC 9113).
@Suite(.enabled(if: HTTP2Client.isAvailable))
struct HTTP2MistakeTests {
    /// Frames of `mistakes.py` and the error code of the GOAWAY frame.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Int

        init(_ name: String, _ code: Int) {
            testDescription = name
            self.code = code
        }
    }

    @Test(
        "A mistake gets a GOAWAY frame that names it, and the end of the connection",
        arguments: [
            Mistake("data_on_stream_0", HTTP2Report.Code.protocolError),
            Mistake("headers_on_stream_0", HTTP2Report.Code.protocolError),
            Mistake("headers_on_even_stream", HTTP2Report.Code.protocolError),
            Mistake("headers_too_short_for_padding", HTTP2Report.Code.protocolError),
            Mistake("data_on_idle_stream", HTTP2Report.Code.protocolError),
            Mistake("reset_of_idle_stream", HTTP2Report.Code.protocolError),
            Mistake("reset_on_stream_0", HTTP2Report.Code.protocolError),
            Mistake("short_reset", HTTP2Report.Code.frameSizeError),
            Mistake("push_promise", HTTP2Report.Code.protocolError),
            Mistake("lone_continuation", HTTP2Report.Code.protocolError),
            Mistake("ping_in_header_block", HTTP2Report.Code.protocolError),
            Mistake("other_stream_in_header_block", HTTP2Report.Code.protocolError),
            Mistake("bad_index", HTTP2Report.Code.compressionError),
            Mistake("index_zero", HTTP2Report.Code.compressionError),
            Mistake("cut_literal", HTTP2Report.Code.compressionError),
            Mistake("bad_huffman", HTTP2Report.Code.compressionError),
            Mistake("large_table_size", HTTP2Report.Code.compressionError),
            Mistake("settings_on_stream_1", HTTP2Report.Code.protocolError),
            Mistake("settings_of_5_bytes", HTTP2Report.Code.frameSizeError),
            Mistake("settings_acknowledgement_with_content", HTTP2Report.Code.frameSizeError),
            Mistake("settings_push_2", HTTP2Report.Code.protocolError),
            Mistake("settings_window_too_large", HTTP2Report.Code.flowControlError),
            Mistake("settings_frame_size_too_small", HTTP2Report.Code.protocolError),
            Mistake("settings_frame_size_too_large", HTTP2Report.Code.protocolError),
            Mistake("ping_of_7_bytes", HTTP2Report.Code.frameSizeError),
            Mistake("ping_on_stream_1", HTTP2Report.Code.protocolError),
            Mistake("goaway_on_stream_1", HTTP2Report.Code.protocolError),
            Mistake("short_goaway", HTTP2Report.Code.frameSizeError),
            Mistake("window_update_of_0", HTTP2Report.Code.protocolError),
            Mistake("window_update_of_3_bytes", HTTP2Report.Code.frameSizeError),
            Mistake("window_update_of_idle_stream", HTTP2Report.Code.protocolError),
            Mistake("window_overflow", HTTP2Report.Code.flowControlError),
            Mistake("frame_too_large", HTTP2Report.Code.frameSizeError),
            Mistake("header_of_huge_frame", HTTP2Report.Code.frameSizeError),
        ]
    )
    func frames(mistake: Mistake) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--h2c"])
        let report = try HTTP2Client.run(
            "mistakes",
            "frames",
            port: gateway.port,
            ["path=/_gateway/livez", "name=\(mistake.testDescription)"]
        )
        #expect(report.goawayCode == mistake.code)
        #expect(report.closed != nil)
        #expect(report.statuses.isEmpty)
        #expect(try gateway.connect().exchange("GET", "/_gateway/livez").status == 200)
    }
}
