import Bytes
import HTTP
import Server

/// One coding of a file, as it is or made smaller, with the fields that go with it.
final class Representation: Sendable {
    /// How browsers may keep an answer.
    enum Caching: String {
        /// The file may change under its URL: it is kept, and revalidated each time, which costs a 304.
        case revalidated = "no-cache"
        /// What this URL names never changes.
        case immutable = "public, max-age=31536000, immutable"
    }

    /// What a client has to undo, as `Content-Encoding` names it.
    enum Coding: String {
        case gzip
        case brotli = "br"
    }

    let content: FileContent
    let entityTag: [UInt8]
    /// The fields of a 200 or 206 but for Content-Range and what depends on the request.
    let fields: [UInt8]
    /// The fields of a 304.
    let validatorFields: [UInt8]

    /// Makes the fields.
    /// - Parameters:
    ///   - content: the bytes as they are sent.
    ///   - entityTag: in quotes, another one for each coding.
    ///   - modifiedSeconds: when the file was last changed, Unix time.
    ///   - mediaType: that of the plain file.
    ///   - coding: `nil` for the plain bytes.
    ///   - caching: how browsers may keep it.
    init(
        content: FileContent,
        entityTag: [UInt8],
        modifiedSeconds: Int64,
        mediaType: MediaType,
        coding: Coding? = nil,
        caching: Caching = .revalidated
    ) {
        self.content = content
        self.entityTag = entityTag
        let list = ResponseFields()
        list.add("ETag", entityTag.span)
        list.add("Last-Modified", HTTPDate.bytes(modifiedSeconds).span)
        list.add("Cache-Control", Array(caching.rawValue.utf8).span)
        list.add("Vary", mediaType.isCompressible ? "Accept-Encoding, Origin" : "Origin")
        CrossOrigin.addFixedFields(to: list)
        validatorFields = list.block.copied()
        list.add("Content-Type", mediaType.name)
        if let coding { list.add("Content-Encoding", Array(coding.rawValue.utf8).span) }
        list.add("Accept-Ranges", "bytes")
        list.add("X-Content-Type-Options", "nosniff")
        // The URL of a viewer's page can have its secret (contract of the Cellucid servers, 7.4.5).
        if mediaType.isPage { list.add("Referrer-Policy", "same-origin") }
        fields = list.block.copied()
    }
}
