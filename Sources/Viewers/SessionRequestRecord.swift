import Bytes

/// What an open request for a session bundle needs to be known again after a restart of the gateway.
///
/// On the disk it is an empty file in the folder of its viewer: the name says everything, so that it is there whole or
/// not at all.
public struct SessionRequestRecord: Sendable, Equatable {
    /// What the request is known by: 32 lower-case hexadecimal digits.
    public let requestID: ViewerID
    /// When waiting for an upload ends, Unix time in milliseconds.
    public let expires: Int64

    private static let digitCount = 32
    private static let suffix = ".request"

    /// Describes a new request, of an identifier that nobody can guess: 128 random bits.
    /// - Parameter expires: when waiting for an upload ends, Unix time in milliseconds.
    public init(expires: Int64) {
        precondition(expires >= 0)
        guard let requestID = ViewerID(RandomText.hexadecimal(Self.digitCount)) else {
            preconditionFailure("hexadecimal digits are an identifier")
        }
        self.requestID = requestID
        self.expires = expires
    }

    /// The name of its file: the identifier, the time, and its end.
    var fileName: String { "\(requestID)-\(expires)\(Self.suffix)" }

    /// Reads the name of a file; `nil` when it is not that of a request.
    init?(fileName name: String) {
        guard name.hasSuffix(Self.suffix) else { return nil }
        let parts = name.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == Self.digitCount,
            parts[0].utf8.allSatisfy({ ASCII.isDigit($0) || (0x61...0x66).contains($0) }),
            let requestID = ViewerID(String(parts[0])), let expires = Int64(parts[1]), expires >= 0
        else { return nil }
        self.requestID = requestID
        self.expires = expires
        guard fileName == name else { return nil }
    }
}
