import Bytes
import Catalog
import HTTP
import Reactor
import Server
import Telemetry

/// Answers requests for files of datasets: validators, ranges and codings (RFC 9110 sections 8, 13 and 14).
final class FileResponder {
    private let cache: OpenFileCache
    private let coder: GzipCoder
    private var boundaryCount: UInt64 = 0

    init(cache: OpenFileCache, coder: GzipCoder) {
        self.cache = cache
        self.coder = coder
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
        var lookup = await cache.lookup(dataset, exchange.request.path, range)
        if case .file(let file) = lookup, !file.identity.content.isUnchanged {
            cache.remove(dataset, exchange.request.path, range)
            lookup = await cache.lookup(dataset, exchange.request.path, range)
        }
        switch lookup {
        case .file(let file): await respond(to: exchange, file, dataset, range)
        case .directory, .notFound: exchange.answer(.notFound, "There is no such file in this dataset.")
        case .forbidden:
            exchange.answer(
                .forbidden,
                "This file may not be read, or it is a link that leads out of the dataset."
            )
        case .failed(let error):
            exchange.worker.log.error("cannot open a file of dataset \(dataset.dataset.mount): \(error)")
            exchange.answer(.serviceUnavailable, "The file cannot be opened at the moment; try again.")
        }
    }

    private func respond(
        to exchange: Exchange,
        _ file: CachedFile,
        _ dataset: ServedDataset,
        _ path: Range<Int>
    ) async {
        let request = exchange.request
        let representation = await representation(of: file, for: exchange, dataset, path)
        switch evaluateConditions(exchange, representation, file) {
        case .notModified:
            exchange.response.status = .notModified
            exchange.response.fields.add(block: representation.validatorFields)
            CrossOrigin.addFields(for: request, to: exchange.response.fields)
            return
        case .preconditionFailed:
            exchange.answer(.preconditionFailed, "The file is not in the state that the request demands.")
            return
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
            exchange.response.body = representation.content.body(range)
        case .multiple(let ranges):
            respondWithParts(exchange, representation, file, ranges)
        case .unsatisfiable:
            fields.addContentRange(nil, size: file.version.size)
            exchange.answer(.rangeNotSatisfiable, "The file has \(file.version.size) bytes.")
            return
        }
        CrossOrigin.addFields(for: request, to: fields)
    }

    /// The coding to answer with.
    ///
    /// A request for a range always gets the plain bytes: ranges of a coding that is made on demand would be
    /// of no use to anybody.
    private func representation(
        of file: CachedFile,
        for exchange: Exchange,
        _ dataset: ServedDataset,
        _ path: Range<Int>
    ) async -> CachedFile.Representation {
        let request = exchange.request
        if case .refused = file.gzip { return file.identity }
        request.combineLines(of: .acceptEncoding)
        guard request.count(of: .range) == 0, let accepted = request.value(.acceptEncoding),
            AcceptEncoding.acceptsGzip(accepted)
        else { return file.identity }
        if case .ready(let packed) = file.gzip { return packed }
        let packed = await coder.representation(of: file)
        cache.contentChanged(dataset, request.path, path)
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

/// Which paths below a mount can name a file at all.
enum FilePath {
    /// Whether every segment of `path[range]` is there and none begins with a dot.
    static func isServed(_ path: [UInt8], _ range: Range<Int>) -> Bool {
        var isStart = true
        for index in range {
            let byte = path[index]
            if isStart && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")) { return false }
            isStart = byte == UInt8(ascii: "/")
        }
        return !range.isEmpty && !isStart
    }
}
