import Bytes
import HTTP
import Server

/// A file of the web app in all codings there are, with the fields of its answers.
final class ServedAsset: Sendable {
    /// The content in one coding.
    struct Coded: Sendable {
        let content: FileContent
        /// `nil` for the plain bytes.
        let coding: Representation.Coding?
    }

    /// The codings with one kind of caching.
    private struct Representations: Sendable {
        let identity: Representation
        let gzip: Representation?
        let brotli: Representation?
    }

    /// What requests are told about it, whatever its coding.
    let plain: RepresentationResponder.PlainFile
    private let revalidated: Representations
    private let immutable: Representations

    /// Makes the fields of all answers.
    /// - Parameters:
    ///   - codings: the plain bytes and those that were coded.
    ///   - size: bytes of the plain content.
    ///   - hash: of the plain content; it makes the entity tag.
    ///   - modifiedSeconds: when the build was fetched, Unix time.
    ///   - mediaType: by the file's name.
    init(
        _ codings: [Coded],
        size: UInt64,
        hash: String,
        modifiedSeconds: Int64,
        mediaType: MediaType
    ) {
        plain = RepresentationResponder.PlainFile(
            size: size,
            modifiedSeconds: modifiedSeconds,
            mediaType: mediaType
        )
        func representation(
            _ coding: Representation.Coding?,
            _ caching: Representation.Caching
        ) -> Representation? {
            codings.first { $0.coding == coding }.map { coded in
                Representation(
                    content: coded.content,
                    entityTag: Array("\"\(hash.prefix(32))\(coding.map { "-\($0.rawValue)" } ?? "")\"".utf8),
                    modifiedSeconds: modifiedSeconds,
                    mediaType: mediaType,
                    coding: coding,
                    caching: caching
                )
            }
        }
        func representations(_ caching: Representation.Caching) -> Representations {
            guard let identity = representation(nil, caching) else {
                preconditionFailure("every asset has its plain bytes")
            }
            return Representations(
                identity: identity,
                gzip: representation(.gzip, caching),
                brotli: representation(.brotli, caching)
            )
        }
        revalidated = representations(.revalidated)
        immutable = representations(.immutable)
    }

    /// The best coding for a request; ranges are always of the plain bytes.
    func representation(for request: RequestHead, _ caching: Representation.Caching) -> Representation {
        let all = caching == .immutable ? immutable : revalidated
        if all.gzip == nil && all.brotli == nil { return all.identity }
        request.combineLines(of: .acceptEncoding)
        guard request.count(of: .range) == 0, let value = request.value(.acceptEncoding) else {
            return all.identity
        }
        let accepted = AcceptEncoding(value)
        if let brotli = all.brotli, accepted.acceptsBrotli { return brotli }
        if let gzip = all.gzip, accepted.acceptsGzip { return gzip }
        return all.identity
    }
}
