import Bytes
import Codecs
import HTTP
import Reactor
import Server
import WebApp

/// Reading a build from the disk.
extension ServedBuild {
    /// Reads a build: small files into memory, larger ones by descriptor.
    ///
    /// Waits for the disk.
    /// - Parameters:
    ///   - build: an opened build, whose files have been verified.
    ///   - showsDemoData: whether its page may load the public demo datasets.
    /// - Throws: `BuildStoreError` when a file cannot be read.
    convenience init(loading build: Build, showsDemoData: Bool) throws(BuildStoreError) {
        let page = try Self.page(of: build, showsDemoData: showsDemoData)
        self.init(id: build.id, page: page, assets: try Self.assets(of: build) { _ in true })
    }

    /// The same with the files that `grown` has more.
    func adding(filesOf grown: Build) throws(BuildStoreError) -> ServedBuild {
        adding(try Self.assets(of: grown) { asset($0) == nil })
    }

    /// The page of a build, with its files pinned to the build.
    static func page(of build: Build, showsDemoData: Bool) throws(BuildStoreError) -> ServedAsset {
        let html = Page(html: try build.read(.index)).rewritten(
            id: build.id,
            exportsBaseURL: showsDemoData ? nil : ""
        )
        var codings = [ServedAsset.Coded(content: .memory(html), coding: nil)]
        if let packed = try? Gzip.compress(html, level: 9) {
            codings.append(ServedAsset.Coded(content: .memory(packed), coding: .gzip))
        }
        return ServedAsset(
            codings,
            size: UInt64(html.count),
            hash: SHA256.hexDigest(of: html),
            modifiedSeconds: build.manifest.fetchedSeconds,
            mediaType: MediaType.forPath(Array("index.html".utf8).span)
        )
    }

    private static func assets(
        of build: Build,
        where isWanted: (String) -> Bool
    ) throws(BuildStoreError) -> [BytesKey: ServedAsset] {
        var assets: [BytesKey: ServedAsset] = [:]
        for file in build.manifest.files where file.path != AssetPath.index.text && isWanted(file.path) {
            assets[BytesKey(file.path)] = try asset(file, of: build, build.manifest.fetchedSeconds)
        }
        return assets
    }

    private static func asset(
        _ file: BuildManifest.File,
        of build: Build,
        _ modified: Int64
    ) throws(BuildStoreError) -> ServedAsset {
        var codings: [ServedAsset.Coded] = []
        for (kept, sent) in [
            (Build.Coding.identity, nil), (.gzip, .gzip), (.brotli, Representation.Coding.brotli),
        ] {
            guard file.size(in: kept) != nil else { continue }
            let content = try content("\(kept.rawValue)/\(file.path)", of: build)
            codings.append(ServedAsset.Coded(content: content, coding: sent))
        }
        return ServedAsset(
            codings,
            size: file.bytes,
            hash: file.sha256,
            modifiedSeconds: modified,
            mediaType: MediaType.forPath(Array(file.path.utf8).span)
        )
    }

    private static func content(_ path: String, of build: Build) throws(BuildStoreError) -> FileContent {
        guard case .file(let file, let content) = FileLoader.load(Array(path.utf8), beneath: build.directory)
        else {
            throw BuildStoreError("\(build.path)/\(path)", "the file cannot be opened")
        }
        return content.map { .memory($0) } ?? .file(file)
    }
}
