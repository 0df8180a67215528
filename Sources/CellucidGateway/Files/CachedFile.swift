import Bytes
import HTTP
import Reactor
import Server

/// A served file with everything about it that does not change from request to request.
final class CachedFile {
    /// The bytes: in memory when the file is small, otherwise by descriptor.
    enum Content {
        case memory([UInt8])
        case file(OpenFile)

        /// As the body of an answer, whole.
        var body: ResponseBody {
            switch self {
            case .memory(let bytes): .bytes(bytes)
            case .file(let file): .file(file, 0..<file.size)
            }
        }

        /// A part of it.
        func body(_ range: Range<UInt64>) -> ResponseBody {
            switch self {
            case .memory(let bytes): .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
            case .file(let file): .file(file, range)
            }
        }

        /// A part of it, as a piece of a body.
        func segment(_ range: Range<UInt64>) -> ResponseBody.Segment {
            switch self {
            case .memory(let bytes): .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
            case .file(let file): .file(file, range)
            }
        }

        /// Whether the bytes are still those that the fields were made for.
        var isUnchanged: Bool {
            if case .file(let file) = self { return file.isUnchanged }
            return true
        }
    }

    /// One coding of the file: as it is, or gzip.
    final class Representation {
        let content: Content
        let entityTag: [UInt8]
        /// The fields of a 200 or 206 but for Content-Range and what depends on the request.
        let fields: [UInt8]
        /// The fields of a 304.
        let validatorFields: [UInt8]

        init(content: Content, mediaType: MediaType, version: FileVersion, isGzip: Bool) {
            self.content = content
            entityTag = FileFields.entityTag(version, isGzip: isGzip)
            let list = ResponseFields()
            FileFields.addValidators(to: list, entityTag, version, varies: mediaType.isCompressible)
            validatorFields = list.block.copied()
            list.add("Content-Type", mediaType.name)
            if isGzip { list.add("Content-Encoding", "gzip") }
            list.add("Accept-Ranges", "bytes")
            list.add("X-Content-Type-Options", "nosniff")
            fields = list.block.copied()
        }
    }

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

    init(version: FileVersion, content: Content, mediaType: MediaType) {
        self.version = version
        self.mediaType = mediaType
        identity = Representation(content: content, mediaType: mediaType, version: version, isGzip: false)
        if !mediaType.isCompressible || version.size < GzipPolicy.minimumBytes { gzip = .refused }
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
