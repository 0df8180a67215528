import Bytes
import Codecs
internal import FoundationEssentials
import Telemetry

/// What `build.json` says about a build: where it is from and which files it has.
public struct BuildManifest: Codable, Sendable, Equatable {
    /// A file of the build.
    public struct File: Codable, Sendable, Equatable {
        /// Its `AssetPath`.
        public var path: String
        /// Bytes of the plain content.
        public var bytes: UInt64
        /// SHA-256 of the plain content, lower-case hexadecimal.
        public var sha256: String
        /// Bytes of its gzip coding, when there is one.
        public var gzipBytes: UInt64?
        /// SHA-256 of that coding.
        public var gzipSHA256: String?
        /// Bytes of its Brotli coding, when there is one.
        public var brotliBytes: UInt64?
        /// SHA-256 of that coding.
        public var brotliSHA256: String?
        /// Whether it was fetched on demand when the build was complete already.
        public var isAdded: Bool?

        /// Describes a file without codings.
        public init(path: String, bytes: UInt64, sha256: String, isAdded: Bool? = nil) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
            self.isAdded = isAdded
        }
    }

    /// The name of the file that this is kept in.
    static let fileName = "build.json"
    /// The most bytes that file may have.
    static let longest: UInt64 = 16 * 1024 * 1024

    /// The version of this format.
    public var format = 1
    /// The name of the build: the first 16 hexadecimal digits of a SHA-256 over its files but the added ones.
    public var id: String
    /// What the page calls its build, in `cellucid-web-build-id`.
    public var buildID: String?
    /// Where it was fetched from, as `https://www.cellucid.com`, or `import:` and a name.
    public var origin: String
    /// When it was fetched: RFC 3339, UTC.
    public var fetchedAt: String
    /// Whether the origin's inventory said which files there are.
    public var isInventoried: Bool
    /// All files, sorted by path.
    public var files: [File]

    /// Describes a build; its identifier follows from the files.
    public init(
        buildID: String?,
        origin: String,
        fetchedSeconds: Int64,
        isInventoried: Bool,
        files: [File]
    ) {
        id = Self.identifier(of: files)
        self.buildID = buildID
        self.origin = origin
        fetchedAt = Timestamp.text(unixMilliseconds: max(0, fetchedSeconds) * 1000)
        self.isInventoried = isInventoried
        self.files = Self.sorted(files)
    }

    /// When it was fetched, Unix time; 0 when the text says no time.
    public var fetchedSeconds: Int64 { Self.unixSeconds(fetchedAt) ?? 0 }

    /// The name of a build of these files: the first 16 hexadecimal digits of the SHA-256 over the lines
    /// "SHA-256 path", sorted, of all files but the added ones.
    public static func identifier(of files: [File]) -> String {
        let lines = files.filter { $0.isAdded != true }.map { Array("\($0.sha256) \($0.path)\n".utf8) }
        var hash = SHA256()
        for line in lines.sorted(by: { $0.lexicographicallyPrecedes($1) }) { hash.update(line.span) }
        return String(hash.hexDigest().prefix(16))
    }

    /// Whether `text` has the form of an identifier.
    static func isIdentifier(_ text: String) -> Bool { isHexadecimal(text, count: 16) }

    static func sorted(_ files: [File]) -> [File] {
        files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// The text of `build.json`.
    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a manifest can always be written")
        }
        return Array(data) + [UInt8(ascii: "\n")]
    }

    static func isHexadecimal(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                ASCII.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
