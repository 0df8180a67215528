import HTTP
import Reactor

/// A served file with everything about it that does not change from request to request.
final class CachedFile {
    /// How the gzip coding of the file stands.
    enum GzipState {
        /// Nobody has asked for it yet, or it is not worth having.
        case none
        /// A request waits for it; others get the plain bytes meanwhile.
        case beingAwaited
        /// It is being made for later requests.
        case inBackground(GzipJob)
        /// It can be sent.
        case ready(Representation)
        /// It was tried and does not pay.
        case refused
    }

    let version: FileVersion
    let mediaType: MediaType
    let identity: Representation
    var gzip: GzipState = .none

    init(version: FileVersion, content: FileContent, mediaType: MediaType) {
        self.version = version
        self.mediaType = mediaType
        identity = Representation(
            content: content,
            entityTag: FileEntityTag.text(of: version, isGzip: false),
            modifiedSeconds: version.modifiedSeconds,
            mediaType: mediaType
        )
        if !mediaType.isCompressible || version.size < GzipPolicy.minimumBytes { gzip = .refused }
    }

    /// What requests are told about it.
    var plain: RepresentationResponder.PlainFile {
        RepresentationResponder.PlainFile(
            size: version.size,
            modifiedSeconds: version.modifiedSeconds,
            mediaType: mediaType
        )
    }

    /// Bytes of memory that the content takes.
    var memoryBytes: Int {
        var total = 0
        if case .memory(let bytes) = identity.content { total += bytes.count }
        if case .ready(let packed) = gzip, case .memory(let bytes) = packed.content { total += bytes.count }
        return total
    }

    /// Descriptors that it keeps open.
    var descriptorCount: Int {
        if case .file = identity.content { return 1 }
        return 0
    }
}
