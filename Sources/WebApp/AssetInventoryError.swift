/// Why an inventory of the web app's files cannot be used.
public enum AssetInventoryError: Error, Equatable, CustomStringConvertible {
    /// The document is longer than ``AssetInventory/largestDocument``.
    case tooLarge(bytes: Int)
    /// The document is not JSON of the form expected.
    case unreadable(reason: String)
    /// The form is one that was introduced later.
    case unsupportedVersion(Int)
    /// The stamp is empty, too long, has white space at an end or has control characters.
    case invalidBuildID(String)
    /// There are more files than ``AssetInventory/mostFiles``.
    case tooManyFiles(Int)
    /// The files have more than ``AssetInventory/mostBytes`` together.
    case tooManyBytes
    /// A path is not one that ``AssetPath`` allows, or is the inventory's own.
    case unsafePath(String)
    /// A path occurs twice.
    case duplicatePath(AssetPath)
    /// A file would have to be a folder that another file is in.
    case fileIsFolder(AssetPath, of: AssetPath)
    /// A digest is not 64 lower-case hexadecimal digits.
    case invalidDigest(AssetPath)
    /// A media type is not one (RFC 9110 section 8.3.1).
    case invalidContentType(AssetPath)
    /// The page `index.html` is not among the files.
    case missingPage

    public var description: String { "\(AssetInventory.path): \(reason)" }

    private var reason: String {
        switch self {
        case .tooLarge(let bytes):
            "\(bytes) bytes are more than the \(AssetInventory.largestDocument) allowed"
        case .unreadable(let reason): "not an inventory: \(reason)"
        case .unsupportedVersion(let version): "version \(version) is not supported, only 1 is"
        case .invalidBuildID(let text):
            "build_id \(text.debugDescription) is not 1 to 200 characters without space around them"
        case .tooManyFiles(let count): "\(count) files are more than the \(AssetInventory.mostFiles) allowed"
        case .tooManyBytes: "the files have more than the \(AssetInventory.mostBytes) bytes allowed"
        case .unsafePath(let path): "\(path.debugDescription) is not a safe path of a file"
        case .duplicatePath(let path): "\(path) occurs twice"
        case .fileIsFolder(let file, let inner): "\(file) is a file, so there can be no \(inner)"
        case .invalidDigest(let path): "sha256 of \(path) is not 64 lower-case hexadecimal digits"
        case .invalidContentType(let path): "content_type of \(path) is not a media type"
        case .missingPage: "index.html is missing"
        }
    }
}
