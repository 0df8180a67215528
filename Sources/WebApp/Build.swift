import Reactor

/// A complete build of the web app that is open: its files stay readable as long as the value lives, even when
/// the store has newer ones.
///
/// It never changes; a file that is added on demand makes another value.
public struct Build: Sendable {
    /// A form in which the content of a file is kept.
    public enum Coding: String, Sendable, CaseIterable {
        /// The plain bytes.
        case identity = "files"
        /// RFC 1952.
        case gzip
        /// RFC 7932.
        case brotli = "br"
    }

    /// What the build is made of.
    public let manifest: BuildManifest
    /// Its files by path.
    public let files: [AssetPath: BuildManifest.File]
    let folder: Folder
    /// Shared by all values of an open build; it keeps others from removing the folder.
    let lock: FileLock?
    /// That of `build.json` when it was read.
    let version: FileVersion

    /// The name of the build, and of its folder.
    public var id: String { manifest.id }

    /// The path of its folder when it was opened.
    public var path: String { folder.path }

    /// The descriptor of its folder, beneath which the paths of `relativePath(of:in:)` can be opened; valid as long
    /// as the value or a copy of it lives.
    public var directory: Int32 { folder.descriptor }

    /// What is known of a file; `nil` when the build has no such file.
    public func file(_ path: AssetPath) -> BuildManifest.File? { files[path] }

    /// The path of a file's content below the build's folder.
    /// - Returns: `nil` when the build has no such file, or not in this coding.
    public func relativePath(of path: AssetPath, in coding: Coding = .identity) -> String? {
        guard files[path]?.size(in: coding) != nil else { return nil }
        return "\(coding.rawValue)/\(path)"
    }

    /// The content of a file, which is compared with its SHA-256.
    /// - Throws: `BuildStoreError`, of kind `.invalid` when there is no such file, of kind `.damaged` when it is not
    ///   what it was.
    public func read(_ path: AssetPath, in coding: Coding = .identity) throws(BuildStoreError) -> [UInt8] {
        guard let file = files[path], let bytes = file.size(in: coding),
            let sha256 = file.sha256(in: coding)
        else { throw BuildStoreError(folder.path(path.text), "the build has no such file", kind: .invalid) }
        return try folder.read("\(coding.rawValue)/\(path)", bytes: bytes, sha256: sha256)
    }

    /// Opens what is in a folder, without looking at the files.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when there is no valid manifest.
    init(in folder: Folder, lock: FileLock?) throws(BuildStoreError) {
        // The version first: when the manifest is replaced meanwhile, it is read once more and not never.
        guard let status = try folder.status(of: BuildManifest.fileName) else {
            throw BuildStoreError(folder.path(BuildManifest.fileName), "the file is missing", kind: .damaged)
        }
        version = status.version
        self.folder = folder
        self.lock = lock
        manifest = try BuildManifest(
            json: try folder.read(BuildManifest.fileName, limit: BuildManifest.longest),
            path: folder.path(BuildManifest.fileName)
        )
        var files: [AssetPath: BuildManifest.File] = [:]
        for file in manifest.files {
            if let path = AssetPath(file.path) { files[path] = file }
        }
        self.files = files
    }

    /// Compares files with the manifest, in all codings.
    /// - Parameter known: an earlier value of the build; files that it has need no look.
    /// - Throws: `BuildStoreError` of kind `.damaged` for the first that differs.
    func verify(exceptThoseOf known: Build? = nil) throws(BuildStoreError) {
        for path in files.keys.sorted() where known == nil || known?.file(path) != file(path) {
            for coding in Coding.allCases where relativePath(of: path, in: coding) != nil {
                _ = try read(path, in: coding)
            }
        }
    }
}

extension BuildManifest.File {
    /// Bytes in a coding; `nil` when the file is not kept in it.
    public func size(in coding: Build.Coding) -> UInt64? {
        switch coding {
        case .identity: bytes
        case .gzip: gzipBytes
        case .brotli: brotliBytes
        }
    }

    /// SHA-256 in a coding; `nil` when the file is not kept in it.
    func sha256(in coding: Build.Coding) -> String? {
        switch coding {
        case .identity: sha256
        case .gzip: gzipSHA256
        case .brotli: brotliSHA256
        }
    }
}
