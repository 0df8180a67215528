import Reactor

/// A session bundle that has arrived whole and is on the disk.
public struct StoredSession: Sendable, Equatable {
    /// Bytes.
    public let count: Int
    /// SHA-256 of its content, 64 lower-case hexadecimal digits.
    public let sha256: String
    /// When it goes if nobody fetches it, Unix time in milliseconds.
    public let expires: Int64

    private static let suffix = ".cellucid-session"

    /// The name of its file: digest of the viewer, of the key, of the content, and its end.
    func name(_ key: SessionKey) -> String {
        "\(SessionKey.viewerDigest(key.viewerID))-\(key.digest)-\(sha256)-\(expires)\(Self.suffix)"
    }

    /// The parts of a file's name; `nil` when it is not that of a bundle.
    static func parts(
        ofName name: String
    ) -> (viewer: String, key: String, sha256: String, expires: Int64)? {
        guard name.hasSuffix(suffix) else { return nil }
        let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].utf8.count == 16, parts[1].utf8.count == 64,
            parts[2].utf8.count == 64, let expires = Int64(parts[3])
        else { return nil }
        return (String(parts[0]), String(parts[1]), String(parts[2]), expires)
    }
}
