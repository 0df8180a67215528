import Bytes

/// A build of the web app as requests see it: immutable, shared by all event loops.
final class ServedBuild: Sendable {
    /// The name of its folder, and of its URLs.
    let id: String
    /// `index.html`, whose own files are pinned to this build.
    let page: ServedAsset
    private let idBytes: [UInt8]
    private let assets: [BytesKey: ServedAsset]

    /// Puts the parts together.
    init(id: String, page: ServedAsset, assets: [BytesKey: ServedAsset]) {
        self.id = id
        self.page = page
        self.assets = assets
        idBytes = Array(id.utf8)
    }

    /// Whether this is the build of that identifier.
    func hasID(_ id: Span<UInt8>) -> Bool {
        let own = idBytes
        return id.equals(own.span)
    }

    /// The file at `path[range]`.
    func asset(_ path: [UInt8], _ range: Range<Int>) -> ServedAsset? { assets[BytesKey(path, range)] }

    /// The file at `path`.
    func asset(_ path: String) -> ServedAsset? { assets[BytesKey(path)] }

    /// The same files behind another page.
    func with(page: ServedAsset) -> ServedBuild { ServedBuild(id: id, page: page, assets: assets) }

    /// The same with more files.
    func adding(_ more: [BytesKey: ServedAsset]) -> ServedBuild {
        ServedBuild(id: id, page: page, assets: assets.merging(more) { $1 })
    }
}
