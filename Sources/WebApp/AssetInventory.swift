internal import Bytes
internal import FoundationEssentials

/// What the origin says its web app consists of: `cellucid-web-assets.json` of later builds.
///
/// ```json
/// {"version": 1, "build_id": "2026-07-27.1", "assets": [
///     {"path": "index.html", "sha256": "c7fd…", "bytes": 98822, "content_type": "text/html; charset=utf-8"}, …]}
/// ```
///
/// Members that are not known and the order of the files do not matter.
public struct AssetInventory: Sendable, Equatable {
    /// A file by its plain content.
    public struct File: Sendable, Equatable {
        /// Where the file is.
        public let path: AssetPath
        /// The length in bytes.
        public let bytes: UInt64
        /// The SHA-256 digest: 64 lower-case hexadecimal digits.
        public let sha256: String
        /// The media type with its parameters, as the origin would like it to be served.
        public let contentType: String

        /// The media type in lower case, without parameters: what the origin's own answers can be held to.
        public var mediaType: String { AssetInventory.mediaType(of: contentType) }
    }

    /// The path of the inventory itself, below the app's base.
    public static let path = "cellucid-web-assets.json"
    /// The longest inventory that is read, in bytes.
    public static let largestDocument = 8 << 20
    /// The most files there may be.
    public static let mostFiles = 10_000
    /// The most that all files may have together, in bytes.
    public static let mostBytes: UInt64 = 1 << 30
    /// The longest stamp, in Unicode scalars.
    public static let longestBuildID = 200

    /// The stamp that the build's page carries too (``BuildIDMeta``).
    public let buildID: String
    /// The files by path; those that are no part of the web app (``AssetPath/isPartOfWebApp``) are left out.
    public let files: [File]

    /// The length of all files together, in bytes.
    public var totalBytes: UInt64 { files.reduce(0) { $0 + $1.bytes } }

    /// Reads an inventory.
    /// - Parameter json: the document.
    /// - Throws: ``AssetInventoryError`` when it is not one, or not one of a whole and safe build.
    public init(parsing json: [UInt8]) throws(AssetInventoryError) {
        guard json.count <= AssetInventory.largestDocument else { throw .tooLarge(bytes: json.count) }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch {
            throw .unreadable(reason: AssetInventory.reason(error))
        }
        guard document.version == 1 else { throw .unsupportedVersion(document.version) }
        buildID = document.buildID
        guard AssetInventory.isBuildID(buildID) else { throw .invalidBuildID(buildID) }
        guard document.assets.count <= AssetInventory.mostFiles else {
            throw .tooManyFiles(document.assets.count)
        }

        var files: [File] = []
        var remaining = AssetInventory.mostBytes
        for asset in document.assets {
            let file = try asset.checked()
            guard file.bytes <= remaining else { throw .tooManyBytes }
            remaining -= file.bytes
            files.append(file)
        }
        files.sort { $0.path < $1.path }
        try AssetInventory.checkPlaces(of: files.map(\.path))
        self.files = files.filter(\.path.isPartOfWebApp)
        guard self.files.contains(where: { $0.path == .index }) else { throw .missingPage }
    }

    /// Checks that all files can be in one folder.
    private static func checkPlaces(of paths: [AssetPath]) throws(AssetInventoryError) {
        // With the slash below all other characters, what is in a folder follows the folder's own name.
        let ordered = paths.sorted { left, right in
            let slash = UInt8(ascii: "/")
            return left.text.utf8.lexicographicallyPrecedes(right.text.utf8) {
                ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1)
            }
        }
        for (path, next) in zip(ordered, ordered.dropFirst())
        where next.text.utf8.starts(with: path.text.utf8) {
            if path == next { throw .duplicatePath(path) }
            if next.text.utf8.dropFirst(path.text.utf8.count).first == UInt8(ascii: "/") {
                throw .fileIsFolder(path, of: next)
            }
        }
    }

    private static func isBuildID(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
        return text.unicodeScalars.count <= longestBuildID
            && !first.properties.isWhitespace && !last.properties.isWhitespace
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    fileprivate static func mediaType(of contentType: String) -> String {
        let type = Array(contentType.utf8.prefix { $0 != UInt8(ascii: ";") }).span.trimmed().text()
        return String(decoding: type.utf8.map { ASCII.lowercased($0) }, as: UTF8.self)
    }

    private static func reason(_ error: any Error) -> String {
        let context: DecodingError.Context
        switch error {
        case DecodingError.typeMismatch(_, let found), DecodingError.valueNotFound(_, let found),
            DecodingError.keyNotFound(_, let found), DecodingError.dataCorrupted(let found):
            context = found
        default: return String(describing: error)
        }
        let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        return (place + [context.debugDescription]).joined(separator: ": ")
    }
}

/// The document as it is written.
private struct Document: Decodable {
    let version: Int
    let buildID: String
    let assets: [Asset]

    enum CodingKeys: String, CodingKey {
        case version, assets
        case buildID = "build_id"
    }

    struct Asset: Decodable {
        let path: String
        let sha256: String
        let bytes: UInt64
        let contentType: String

        enum CodingKeys: String, CodingKey {
            case path, sha256, bytes
            case contentType = "content_type"
        }

        func checked() throws(AssetInventoryError) -> AssetInventory.File {
            guard let checkedPath = AssetPath(path), path != AssetInventory.path else {
                throw .unsafePath(path)
            }
            guard sha256.utf8.count == 64,
                sha256.utf8.allSatisfy({
                    ASCII.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
                })
            else { throw .invalidDigest(checkedPath) }
            let halves = AssetInventory.mediaType(of: contentType)
                .split(separator: "/", omittingEmptySubsequences: false)
            guard contentType.utf8.count <= 255,
                contentType.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }),
                halves.count == 2,
                halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isTokenCharacter) })
            else { throw .invalidContentType(checkedPath) }
            return AssetInventory.File(
                path: checkedPath,
                bytes: bytes,
                sha256: sha256,
                contentType: contentType
            )
        }
    }
}
