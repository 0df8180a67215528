import Codecs

/// Which session bundle: that of one viewer for one request.
public struct SessionKey: Sendable, Hashable {
    /// The viewer that it is of.
    public let viewerID: ViewerID
    /// What the request for it is known by; opaque, like a viewer's (contract 3.1).
    public let requestID: ViewerID

    /// Names a bundle.
    public init(viewerID: ViewerID, requestID: ViewerID) {
        self.viewerID = viewerID
        self.requestID = requestID
    }

    /// A name for files: 64 hexadecimal digits, since the identifiers can contain anything.
    var digest: String {
        // Neither identifier contains a zero.
        SHA256.hexDigest(of: Array(viewerID.text.utf8) + [0] + Array(requestID.text.utf8))
    }

    /// What the names of all bundles of a viewer have in common: 16 hexadecimal digits.
    static func viewerDigest(_ viewerID: ViewerID) -> String {
        String(SHA256.hexDigest(of: Array(viewerID.text.utf8)).prefix(16))
    }
}
