/// What a subscriber needs to be known again after a restart of the gateway.
public struct SubscriberRecord: Sendable, Equatable {
    /// Its viewer.
    public let id: ViewerID
    /// The hash of its secret.
    public let secret: SecretHash
    /// When it was registered, Unix time in milliseconds.
    public let created: Int64

    private static let title = "cellucid-gateway subscriber 1"

    /// Describes a subscriber.
    public init(id: ViewerID, secret: SecretHash, created: Int64) {
        self.id = id
        self.secret = secret
        self.created = created
    }

    /// The content of its file: a title, the viewer, the hash and the time, and the CRC-32C of those lines.
    var bytes: [UInt8] {
        let text = "\(Self.title)\n\(id)\n\(secret.hexDigest)\n\(created)\n"
        return Array("\(text)\(CRC32C.checksum(Array(text.utf8).span))\n".utf8)
    }

    /// Reads the content of a file; `nil` when it is damaged.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard lines.count == 6, lines[0] == Self.title, let id = ViewerID(lines[1]),
            let secret = SecretHash(hexDigest: lines[2]), let created = Int64(lines[3])
        else { return nil }
        self.init(id: id, secret: secret, created: created)
        guard self.bytes == bytes else { return nil }
    }
}
