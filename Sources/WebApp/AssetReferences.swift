/// The files of the web app that a file of it refers to, found by reading the file's text.
///
/// Pages, style sheets, scripts, manifests and XML documents are read as their languages ask, so comments are no
/// references and a string does not hide one. Names that exist only at run time are not found. The work is
/// proportional to the length of the file, whatever it holds.
public struct AssetReferences: Sendable {
    /// The files in order of appearance, each once.
    ///
    /// All are part of the web app and have an extension of ``followedExtensions``.
    public let paths: [AssetPath]

    /// Those of ``paths`` that the language itself calls a reference, such as the specifier of an import.
    ///
    /// The others are only mentioned, in text that looks like the path of a file; they need not exist.
    public let certain: Set<AssetPath>

    /// Longer files are not read, in bytes.
    public static let largestContent = 8 << 20

    /// The extensions of files that references are followed to.
    ///
    /// Source maps and documents are here so that a build is whole without its origin; names without an extension
    /// are not files but routes.
    public static let followedExtensions: Set<String> = [
        "html", "js", "mjs", "css", "json", "webmanifest", "map", "xml", "wasm", "txt", "md", "pdf",
        "svg", "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "woff2", "woff", "ttf", "otf",
        "glb", "gltf", "bin", "gz", "webm", "mp4",
    ]

    /// Reads a file.
    /// - Parameters:
    ///   - content: the plain content; bytes that are not UTF-8 are allowed.
    ///   - path: where the file is, which says its language and what its relative references mean. There are no
    ///     references in files of other languages and in those above ``largestContent``.
    public init(in content: [UInt8], of path: AssetPath) {
        var collector = ReferenceCollector(file: path)
        if content.count <= AssetReferences.largestContent {
            switch path.fileExtension {
            case "html", "svg", "xml": HTMLReferences.collect(from: content, into: &collector)
            case "css": StyleReferences.collect(from: content[...], into: &collector)
            case "js", "mjs": ScriptReferences.collect(from: content[...], into: &collector)
            case "json", "webmanifest": ManifestReferences.collect(from: content[...], into: &collector)
            default: break
            }
        }
        paths = collector.paths
        certain = collector.certain
    }

    /// The ``paths`` of a file.
    public static func find(in content: [UInt8], of path: AssetPath) -> [AssetPath] {
        AssetReferences(in: content, of: path).paths
    }
}
