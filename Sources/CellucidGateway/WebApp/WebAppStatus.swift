import Bytes

/// What people are told about a web app, by `/_gateway/web-app`.
struct WebAppStatus: Sendable {
    /// A build.
    struct BuildSummary: Sendable {
        /// The name of its folder.
        let id: String
        /// What its page calls itself.
        let buildID: String?
        let files: Int
        let bytes: UInt64
        /// RFC 3339.
        let fetchedAt: String
    }

    /// The name of the web app.
    let name: String
    /// Where its builds come from; `nil` when they are only imported.
    let origin: String?
    var current: BuildSummary?
    var previous: BuildSummary?
    /// Whether a build is being fetched, and how far that is.
    var fetching: (files: Int, bytes: UInt64)?
    /// When the origin was last asked, RFC 3339.
    var lastCheck: String?
    /// Why the last check failed.
    var lastError: String?

    /// As JSON.
    var json: String {
        JSONText.object([
            "name": JSONText.string(name),
            "origin": Self.text(origin),
            "state": JSONText.string(state),
            "build": current.map(Self.json) ?? "null",
            "previousBuild": previous.map(Self.json) ?? "null",
            "fetching": fetching.map { JSONText.object(["files": "\($0.files)", "bytes": "\($0.bytes)"]) }
                ?? "null",
            "lastCheck": Self.text(lastCheck),
            "lastError": Self.text(lastError),
        ])
    }

    /// In a sentence, for people.
    var sentence: String {
        let reason = lastError.map { ": \($0)" } ?? ""
        guard let current else {
            return fetching == nil ? "The viewer is not available\(reason)." : "The viewer is being fetched."
        }
        let build = "The viewer is build \(current.buildID ?? current.id) of \(current.fetchedAt.prefix(10))"
        return build + (lastError == nil ? "." : ", and its origin cannot be asked for a newer one\(reason).")
    }

    /// In one word: `ready`, `stale` when the origin could not be asked, `fetching` or `missing`.
    private var state: String {
        if current != nil { return lastError == nil ? "ready" : "stale" }
        return fetching == nil ? "missing" : "fetching"
    }

    private static func json(_ build: BuildSummary) -> String {
        JSONText.object([
            "id": JSONText.string(build.id),
            "buildId": text(build.buildID),
            "files": "\(build.files)",
            "bytes": "\(build.bytes)",
            "fetchedAt": JSONText.string(build.fetchedAt),
        ])
    }

    private static func text(_ value: String?) -> String { value.map(JSONText.string) ?? "null" }
}
