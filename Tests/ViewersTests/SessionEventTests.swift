import TestSupport
import Testing

@testable import Viewers

/// What subscribers are told of uploads.
@Suite struct SessionEventTests {
    private let key = SessionRequestsTests.key("v\"\\ü", "r")

    @Test func aBundleThatArrived() throws {
        let session = StoredSession(count: 17, sha256: "ab", expires: 5)
        let json = SessionEvent.stored(key, session, url: "http://h/x?\"")
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"type":"session_bundle","viewerId":"v\"\\ü","requestId":"r","status":"ok","bytes":17,"#
                + #""sha256":"ab","url":"http://h/x?\""}"#
        )
        let envelope = try EventEnvelope(json.span)
        #expect(envelope.viewerID == .text("v\"\\ü") && !envelope.isHover)
    }

    @Test func aBundleThatWasRefused() {
        let json = SessionEvent.failed(
            key,
            reason: SessionUploadError.short(received: 1, announced: 2).reason
        )
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"type":"session_bundle","viewerId":"v\"\\ü","requestId":"r","status":"error","#
                + #""error":"Session bundle truncated (1 of 2 bytes)"}"#
        )
    }
}
