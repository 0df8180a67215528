import Bytes
import HTTP
import Reactor
import Server

/// Answers requests with a representation that is at hand: validators and ranges (RFC 9110 sections 8, 13 and 14).
final class RepresentationResponder {
    /// What a request is told about a file, whatever its coding.
    struct PlainFile {
        /// Bytes.
        let size: UInt64
        /// Unix time.
        let modifiedSeconds: Int64
        let mediaType: MediaType
    }

    /// Ranges of a file up to this size are read and sent together with the head.
    private static let inlineBytes = 14 * 1024

    private var boundaryCount: UInt64 = 0

    /// Fills in the answer.
    /// - Returns: `false` when the file on the disk is no longer the one that was cached.
    func answer(_ exchange: Exchange, _ representation: Representation, _ file: PlainFile) -> Bool {
        let request = exchange.request
        switch evaluateConditions(exchange, representation, file) {
        case .notModified:
            exchange.response.status = .notModified
            exchange.response.fields.add(block: representation.validatorFields)
            CrossOrigin.addFields(for: request, to: exchange.response.fields)
            return true
        case .preconditionFailed:
            exchange.answer(.preconditionFailed, "The file is not in the state that the request demands.")
            return true
        case .proceed: break
        }
        let fields = exchange.response.fields
        switch requestedRange(exchange, representation, file) {
        case .whole:
            fields.add(block: representation.fields)
            exchange.response.body = representation.content.body
        case .single(let range):
            exchange.response.status = .partialContent
            fields.add(block: representation.fields)
            fields.addContentRange(range, size: file.size)
            respondWithPart(exchange, representation.content, range)
        case .multiple(let ranges):
            respondWithParts(exchange, representation, file, ranges)
        case .unsatisfiable:
            fields.addContentRange(nil, size: file.size)
            exchange.answer(.rangeNotSatisfiable, "The file has \(file.size) bytes.")
            return true
        }
        CrossOrigin.addFields(for: request, to: fields)
        return representation.content.isUnchanged
    }

    /// One range.
    ///
    /// A short one of a large file is read here, so that head and body leave in one piece.
    private func respondWithPart(_ exchange: Exchange, _ content: FileContent, _ range: Range<UInt64>) {
        if case .file(let file) = content, range.count <= Self.inlineBytes,
            file.read(range, into: exchange.response.inlineBytes)
        {
            exchange.response.body = .inline
        } else {
            exchange.response.body = content.body(range)
        }
    }

    private func evaluateConditions(
        _ exchange: Exchange,
        _ representation: Representation,
        _ file: PlainFile
    ) -> Conditional.Outcome {
        let request = exchange.request
        let isConditional =
            request.count(of: .ifNoneMatch) + request.count(of: .ifModifiedSince)
            + request.count(of: .ifMatch)
            + request.count(of: .ifUnmodifiedSince) > 0
        guard isConditional else { return .proceed }
        request.combineLines(of: .ifMatch)
        request.combineLines(of: .ifNoneMatch)
        let entityTag = representation.entityTag
        return Conditional.evaluate(
            ifMatch: request.value(.ifMatch),
            ifUnmodifiedSince: request.value(.ifUnmodifiedSince),
            ifNoneMatch: request.value(.ifNoneMatch),
            ifModifiedSince: request.value(.ifModifiedSince),
            tag: entityTag.span,
            lastModified: file.modifiedSeconds,
            now: exchange.worker.loop.unixSeconds
        )
    }

    private func requestedRange(
        _ exchange: Exchange,
        _ representation: Representation,
        _ file: PlainFile
    ) -> RangeOutcome {
        let request = exchange.request
        guard request.method == .get, request.count(of: .range) == 1, let range = request.value(.range) else {
            return .whole
        }
        if let condition = request.value(.ifRange) {
            let entityTag = representation.entityTag
            let holds = Conditional.ifRangeHolds(
                condition,
                tag: entityTag.span,
                lastModified: file.modifiedSeconds,
                now: exchange.worker.loop.unixSeconds
            )
            guard holds else { return .whole }
        }
        return ByteRange.parse(range, size: file.size)
    }

    /// Several ranges as `multipart/byteranges` (RFC 9110 section 14.6).
    private func respondWithParts(
        _ exchange: Exchange,
        _ representation: Representation,
        _ file: PlainFile,
        _ ranges: [Range<UInt64>]
    ) {
        boundaryCount += 1
        let boundary = "cellucid-\(file.modifiedSeconds)-\(boundaryCount)"
        var segments: [ResponseBody.Segment] = []
        for (index, range) in ranges.enumerated() {
            let head = """
                \(index == 0 ? "" : "\r\n")--\(boundary)\r
                Content-Type: \(file.mediaType.name)\r
                Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)\r
                \r\n
                """
            segments.append(.bytes(Array(head.utf8)))
            segments.append(representation.content.segment(range))
        }
        segments.append(.bytes(Array("\r\n--\(boundary)--\r\n".utf8)))
        exchange.response.status = .partialContent
        exchange.response.fields.add(block: representation.validatorFields)
        exchange.response.fields.add("Content-Type", "multipart/byteranges; boundary=\(boundary)")
        exchange.response.fields.add("Accept-Ranges", "bytes")
        exchange.response.body = .segments(segments)
    }
}
