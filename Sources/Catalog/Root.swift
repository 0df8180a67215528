/// One configured directory whose entries (or which itself) are served.
public struct Root: Sendable, Hashable {
    /// The name put in front of every mount of this root, or `nil` for a root without a name.
    public let name: String?
    /// The directory as the user wrote it, absolute or relative to the working directory.
    public let path: String

    /// Creates a root from its parts, which are taken as they are.
    public init(name: String? = nil, path: String) {
        self.name = name
        self.path = path
    }

    /// Reads the value of a `--root` option: `DIR` or `name=DIR`.
    ///
    /// The part before the first `=` is a name when it could be a mount (`A-Z a-z 0-9 . _ -`, starting with a
    /// letter or digit); otherwise the whole value is a directory. A directory called `a=b` is written
    /// `./a=b`.
    ///
    /// - Throws: `CatalogError.invalidRoot` when the directory is empty or the name cannot be a mount.
    public init(argument: String) throws(CatalogError) {
        let bytes = argument.utf8
        if let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
            MountName.hasMountCharacters(bytes[..<equals])
        {
            let name = String(argument[..<equals])
            guard MountName.isValid(name) else {
                throw .invalidRoot(argument: argument, reason: "the name \"\(name)\" cannot be used in a URL")
            }
            self.init(name: name, path: String(argument[bytes.index(after: equals)...]))
        } else {
            self.init(path: argument)
        }
        guard !path.isEmpty else {
            throw .invalidRoot(argument: argument, reason: "the directory is missing")
        }
        guard !path.utf8.contains(0) else {
            throw .invalidRoot(argument: argument, reason: "the directory contains a NUL character")
        }
    }

    /// The root in messages and listings: its name, else its directory's own name, never an absolute path.
    public var displayName: String { name ?? directoryName }

    /// The last component of the path; a path ending in `.` or `..` is resolved first.
    var directoryName: String {
        let last = Self.lastComponent(of: path)
        guard last.isEmpty || last == "." || last == ".." else { return last }
        let resolved = Self.lastComponent(of: FileSystem.resolved(path) ?? "")
        return resolved.isEmpty ? "dataset" : resolved
    }

    private static func lastComponent(of path: String) -> String {
        path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
    }
}
