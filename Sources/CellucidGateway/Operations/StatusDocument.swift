import Bytes
import Server
import Telemetry

/// `/_gateway/status`: what the gateway has counted since it started.
enum StatusDocument {
    /// The document.
    /// - Parameters:
    ///   - counters: those of every event loop.
    ///   - uptimeSeconds: how long the gateway has been running.
    /// - Returns: JSON.
    static func json(_ counters: [WorkerCounters], uptimeSeconds: Int64) -> String {
        func sum(_ counter: (WorkerCounters) -> Counter) -> UInt64 {
            counters.reduce(0) { $0 + counter($1).value }
        }
        // Read first, so that a connection that comes meanwhile cannot make the difference negative.
        let closed = sum(\.connectionsClosed)
        let accepted = sum(\.connections)
        return JSONText.object([
            "version": JSONText.string(Version.current),
            "uptimeSeconds": "\(uptimeSeconds)",
            "workers": "\(counters.count)",
            "connections": JSONText.object([
                "open": "\(accepted - closed)",
                "accepted": "\(accepted)",
                "http2": "\(sum(\.http2Connections))",
                "upgraded": "\(sum(\.upgrades))",
            ]),
            "requests": JSONText.object([
                "http1": "\(sum(\.http1Requests))",
                "http2": "\(sum(\.http2Requests))",
            ]),
            "http2Limits": JSONText.object([
                "streamsRefused": "\(sum(\.http2StreamsRefused))",
                "streamErrors": "\(sum(\.http2StreamErrors))",
                "streamsStalled": "\(sum(\.http2StreamsStalled))",
                "headersTooLarge": "\(sum(\.http2HeadersTooLarge))",
                "continuationFloods": "\(sum(\.http2ContinuationFloods))",
                "resetFloods": "\(sum(\.http2ResetFloods))",
                "controlFrameFloods": "\(sum(\.http2ControlFrameFloods))",
            ]),
        ])
    }
}
