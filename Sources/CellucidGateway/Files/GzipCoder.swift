import Codecs
import HTTP
import Reactor
import Server
import Telemetry

/// Makes the gzip coding of files, off the event loop and once per version of a file.
///
/// Small files are coded while the first client waits and stay in memory with the file. Large ones are coded in
/// the background into the cache directory; until that is done they are sent as they are.
final class GzipCoder {
    private let context: WorkerContext
    private let store: GzipStore?

    init(context: WorkerContext, store: GzipStore?) {
        self.context = context
        self.store = store
    }

    /// The gzip coding of `file`, if it is there or can be made while the client waits.
    func representation(of file: CachedFile) async -> Representation? {
        switch file.gzip {
        case .none: break
        case .inBackground(let job): takeResult(of: job, file)
        case .beingAwaited, .ready, .refused: return nil
        }
        if case .ready(let packed) = file.gzip { return packed }
        guard case .none = file.gzip else { return nil }
        file.gzip = .beingAwaited
        guard let source = source(of: file) else {
            file.gzip = .refused
            return nil
        }
        if file.version.size <= GzipPolicy.awaitedBytes {
            install(await codeInMemory(source), in: file)
        } else if let store, file.version.size <= GzipPolicy.maximumBytes {
            startInBackground(file, source, store)
        } else {
            file.gzip = .refused
        }
        if case .ready(let packed) = file.gzip { return packed }
        return nil
    }

    private enum Source: Sendable {
        case memory([UInt8])
        case file(OpenFile)
    }

    private func source(of file: CachedFile) -> Source? {
        switch file.identity.content {
        case .memory(let bytes): .memory(bytes)
        case .file(let open): .file(open)
        }
    }

    private func codeInMemory(_ source: Source) async -> FileContent? {
        let packed: [UInt8]? = await context.blockingPool.run {
            let plain: [UInt8]?
            switch source {
            case .memory(let bytes): plain = bytes
            case .file(let file): plain = FileLoader.read(file)
            }
            guard let plain, let packed = try? Gzip.compress(plain, level: GzipPolicy.level),
                GzipPolicy.pays(plain: UInt64(plain.count), coded: UInt64(packed.count))
            else { return nil }
            return packed
        }
        return packed.map { .memory($0) }
    }

    private func startInBackground(_ file: CachedFile, _ source: Source, _ store: GzipStore) {
        guard case .file(let open) = source else {
            file.gzip = .refused
            return
        }
        let job = GzipJob()
        file.gzip = .inBackground(job)
        context.blockingPool.submit { job.finish(store.coding(of: open)) }
    }

    private func takeResult(of job: GzipJob, _ file: CachedFile) {
        switch job.result {
        case nil: return
        case .success(let coded): install(coded.map { .file($0) }, in: file)
        case .failure(let error):
            context.log.warning("cannot keep gzip codings in the cache directory: \(error)")
            file.gzip = .refused
        }
    }

    private func install(_ content: FileContent?, in file: CachedFile) {
        guard let content, file.identity.content.isUnchanged else {
            file.gzip = .refused
            return
        }
        file.gzip = .ready(
            Representation(
                content: content,
                entityTag: FileEntityTag.text(of: file.version, isGzip: true),
                modifiedSeconds: file.version.modifiedSeconds,
                mediaType: file.mediaType,
                coding: .gzip
            )
        )
    }
}
