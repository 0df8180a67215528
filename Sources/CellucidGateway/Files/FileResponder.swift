import Bytes
import Catalog
import HTTP
import Reactor
import Server
import Telemetry

/// Answers requests for files of datasets.
final class FileResponder {
    private let cache: OpenFileCache
    private let coder: GzipCoder
    private let responder = RepresentationResponder()

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
        if responder.answer(exchange, representation, file.plain) { return true }
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
        return responder.answer(exchange, representation, file.plain)
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
        return AcceptEncoding(accepted).acceptsGzip
    }

    private func representation(
        of file: CachedFile,
        for exchange: Exchange,
        _ dataset: ServedDataset,
        _ path: Range<Int>
    ) async -> Representation {
        guard wantsGzip(exchange.request, file) else { return file.identity }
        if case .ready(let packed) = file.gzip { return packed }
        let packed = await coder.representation(of: file)
        cache.contentChanged(dataset, exchange.request.path, path)
        return packed ?? file.identity
    }
}
