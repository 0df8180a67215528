import Bytes
import Catalog
import HTTP
import Reactor
import Server
import Telemetry

/// Answers requests for files of datasets: validators, ranges and codings (RFC 9110 sections 8, 13 and 14).
final class FileResponder {
    /// Ranges of a file up to this size are read and sent together with the head.
    private static let inlineBytes = 14 * 1024

    private let cache: OpenFileCache
    private let coder: GzipCoder
    private var boundaryCount: UInt64 = 0

    init(cache: OpenFileCache, coder: GzipCoder) {
        self.cache = cache
        self.coder = coder
    }

    /// Answers with a file that is at hand, without waiting for anything: what nearly all requests need.
    /// - Returns: `false` when it is not at hand; nothing has been answered then.
    func respondAtOnce(to exchange: Exchange, _ dataset: ServedDataset, _ range: Range<Int>) -> Bool {
        let request = exchange.request
        guard request.method == .get || request.method == .head,
            let file = cache.freshFile(dataset, request.path, range)
        else { return false }
        var representation = file.identity
        if wantsGzip(request, file) {
            guard case .ready(let packed) = file.gzip else { return false }
            representation = packed
        }
        if answer(exchange, file, representation) { return true }
        exchange.response.reset()
        return false
    }

    /// Answers with the file that `path[range]` names in `dataset`.
    func respond(to exchange: Exchange, _ dataset: ServedDataset, _ range: Range<Int>) async {
        guard exchange.request.method == .get || exchange.request.method == .head else {
            exchange.answerMethodNotAllowed()
            return
        }
        guard FilePath.isServed(exchange.request.path, range) else {
            exchange.answer(.notFound, "There is no such file in this dataset.")
            return
        }
        // A file that is found to have changed is looked up anew, once; after that the sending notices.
        for attempt in 0...1 {
            switch await cache.lookup(dataset, exchange.request.path, range) {
            case .file(let file):
                let isCurrent = await respond(to: exchange, file, dataset, range)
                if isCurrent || attempt == 1 { return }
                cache.remove(dataset, exchange.request.path, range)
                exchange.response.reset()
            case .directory, .notFound:
                exchange.answer(.notFound, "There is no such file in this dataset.")
                return
            case .forbidden:
                exchange.answer(
                    .forbidden,
                    "This file may not be read, or it is a link that leads out of the dataset."
                )
                return
            case .failed(let error):
                exchange.worker.log.error("cannot open a file of dataset \(dataset.dataset.mount): \(error)")
                exchange.answer(.serviceUnavailable, "The file cannot be opened at the moment; try again.")
                return
            }
        }
    }

    /// Answers with a file of the cache.
    /// - Returns: `false` when the file on the disk is no longer the one that was cached; the answer made so far is
    ///   not to be sent.
    private func respond(
        to exchange: Exchange,
        _ file: CachedFile,
        _ dataset: ServedDataset,
        _ range: Range<Int>
    ) async -> Bool {
        let representation = await representation(of: file, for: exchange, dataset, range)
        return answer(exchange, file, representation)
    }

    /// Fills in the answer.
    /// - Returns: `false` when the file on the disk is no longer the one that was cached.
    private func answer(
        _ exchange: Exchange,
        _ file: CachedFile,
        _ representation: CachedFile.Representation
    ) -> Bool {
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
            fields.addContentRange(range, size: file.version.size)
            respondWithPart(exchange, representation.content, range)
        case .multiple(let ranges):
            respondWithParts(exchange, representation, file, ranges)
        case .unsatisfiable:
            fields.addContentRange(nil, size: file.version.size)
            exchange.answer(.rangeNotSatisfiable, "The file has \(file.version.size) bytes.")
            return true
        }
        CrossOrigin.addFields(for: request, to: fields)
        return representation.content.isUnchanged
    }

    /// One range.
    ///
    /// A short one of a large file is read here, so that head and body leave in one piece.
    private func respondWithPart(_ exchange: Exchange, _ content: CachedFile.Content, _ range: Range<UInt64>)
    {
        if case .file(let file) = content, range.count <= Self.inlineBytes,
            file.read(range, into: exchange.response.inlineBytes)
        {
            exchange.response.body = .inline
        } else {
            exchange.response.body = content.body(range)
        }
    }

    /// Whether to answer with the gzip coding, if there is one.
    ///
    /// A request for a range always gets the plain bytes: ranges of a coding that is made on demand would be of no use to
    /// anybody.
    private func wantsGzip(_ request: RequestHead, _ file: CachedFile) -> Bool {
        if case .refused = file.gzip { return false }
        request.combineLines(of: .acceptEncoding)
        guard request.count(of: .range) == 0, let accepted = request.value(.acceptEncoding) else {
            return false
        }
        return AcceptEncoding.acceptsGzip(accepted)
    }

    private func representation(
        of file: CachedFile,
        for exchange: Exchange,
        _ dataset: ServedDataset,
        _ path: Range<Int>
    ) async -> CachedFile.Representation {
        guard wantsGzip(exchange.request, file) else { return file.identity }
        if case .ready(let packed) = file.gzip { return packed }
        let packed = await coder.representation(of: file)
        cache.contentChanged(dataset, exchange.request.path, path)
        return packed ?? file.identity
    }

    private func evaluateConditions(
        _ exchange: Exchange,
        _ representation: CachedFile.Representation,
        _ file: CachedFile
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
            lastModified: file.version.modifiedSeconds,
            now: exchange.worker.loop.unixSeconds
        )
    }

    private func requestedRange(
        _ exchange: Exchange,
        _ representation: CachedFile.Representation,
        _ file: CachedFile
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
                lastModified: file.version.modifiedSeconds,
                now: exchange.worker.loop.unixSeconds
            )
            guard holds else { return .whole }
        }
        return ByteRange.parse(range, size: file.version.size)
    }

    /// Several ranges as `multipart/byteranges` (RFC 9110 section 14.6).
    private func respondWithParts(
        _ exchange: Exchange,
        _ representation: CachedFile.Representation,
        _ file: CachedFile,
        _ ranges: [Range<UInt64>]
    ) {
        boundaryCount += 1
        let boundary = "cellucid-\(file.version.modified)-\(boundaryCount)"
        var segments: [ResponseBody.Segment] = []
        for (index, range) in ranges.enumerated() {
            let head = """
                \(index == 0 ? "" : "\r\n")--\(boundary)\r
                Content-Type: \(file.mediaType.name)\r
                Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.version.size)\r
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
