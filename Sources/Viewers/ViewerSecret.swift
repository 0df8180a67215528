import Bytes
import Codecs

/// What a subscriber proves with that a viewer is its own: 256 random bits, as 64 hexadecimal digits.
public enum ViewerSecret {
    /// Makes one.
    public static func make() -> String { RandomText.hexadecimal(64) }
}

/// What is kept of a secret: enough to recognise it, not to know it.
public struct SecretHash: Sendable, Equatable {
    /// SHA-256 of the secret, 64 lower-case hexadecimal digits.
    public let hexDigest: String

    /// The hash of a secret.
    public init(of secret: String) { hexDigest = SHA256.hexDigest(of: Array(secret.utf8)) }

    /// A hash that was kept; `nil` when it is none.
    public init?(hexDigest: String) {
        guard hexDigest.utf8.count == 64,
            hexDigest.utf8.allSatisfy({ ASCII.isDigit($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hexDigest = hexDigest
    }

    /// Whether it is that of `secret`; takes the same time whichever digits differ.
    public func matches(_ secret: String) -> Bool { self == SecretHash(of: secret) }

    /// Whether both are of the same secret; takes the same time whichever digits differ.
    public static func == (left: SecretHash, right: SecretHash) -> Bool {
        var difference: UInt8 = 0
        for (one, other) in zip(left.hexDigest.utf8, right.hexDigest.utf8) { difference |= one ^ other }
        return difference == 0
    }
}
