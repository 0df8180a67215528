import Bytes

/// The `session_bundle` event that tells a subscriber what became of an upload (contract 3.3).
public enum SessionEvent {
    /// A bundle that has arrived whole.
    /// - Parameters:
    ///   - key: which.
    ///   - session: the bundle.
    ///   - url: where it can be fetched.
    /// - Returns: the event's JSON.
    public static func stored(_ key: SessionKey, _ session: StoredSession, url: String) -> [UInt8] {
        let members: KeyValuePairs = [
            "type": JSONText.string("session_bundle"),
            "viewerId": JSONText.string(key.viewerID.text),
            "requestId": JSONText.string(key.requestID.text),
            "status": JSONText.string("ok"),
            "bytes": String(session.count),
            "sha256": JSONText.string(session.sha256),
            "url": JSONText.string(url),
        ]
        return Array(JSONText.object(members).utf8)
    }

    /// An upload that was not taken.
    /// - Parameters:
    ///   - key: which.
    ///   - reason: why; see ``SessionUploadError/reason``.
    /// - Returns: the event's JSON.
    public static func failed(_ key: SessionKey, reason: String) -> [UInt8] {
        let members: KeyValuePairs = [
            "type": JSONText.string("session_bundle"),
            "viewerId": JSONText.string(key.viewerID.text),
            "requestId": JSONText.string(key.requestID.text),
            "status": JSONText.string("error"),
            "error": JSONText.string(reason),
        ]
        return Array(JSONText.object(members).utf8)
    }
}
