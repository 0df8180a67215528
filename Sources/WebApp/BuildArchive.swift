import Codecs
import Glibc
import Reactor

/// Builds as tar archives, to be carried to machines that cannot reach the origin.
///
/// An archive has one folder, `cellucid-web-app`, with what the folder of a build has: `build.json`, `files/…`,
/// `gzip/…` and `br/…`. Any tar program can list, unpack and make it. All functions wait for the disk.
public enum BuildArchive {
    static let folderName = "cellucid-web-app"

    /// Writes a build into an archive, which takes the place of a file of that name when it is whole.
    ///
    /// The same build always gives the same bytes.
    /// - Parameters:
    ///   - build: what to write.
    ///   - path: of the archive.
    /// - Throws: `BuildStoreError` when a file is damaged or the archive cannot be written.
    public static func export(_ build: Build, to path: String) throws(BuildStoreError) {
        let temporary = "\(path).\(BuildStore.randomName()).part"
        let file = try BuildStoreError.naming(path) { () throws(SystemError) in
            try Descriptor.open(FileName(temporary), O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
        }
        do throws(BuildStoreError) {
            var writer = TarWriter(file, path: path, modifiedSeconds: build.manifest.fetchedSeconds)
            try write(build, &writer)
            try writer.finish()
            guard unsafe rename(temporary, path) == 0 else { throw .last(path, "rename") }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try Folder.open(parent).synchronize()
    }

    private static func write(_ build: Build, _ writer: inout TarWriter) throws(BuildStoreError) {
        try writer.addFolder(folderName)
        try writer.addFile("\(folderName)/\(BuildManifest.fileName)", build.manifest.json)
        for coding in [Build.Coding.brotli, .identity, .gzip] {
            var folders: Set<String> = [folderName]
            for path in build.files.keys.sorted() where build.relativePath(of: path, in: coding) != nil {
                let name = "\(folderName)/\(coding.rawValue)/\(path)"
                for slash in name.indices where name[slash] == "/" {
                    let folder = String(name[..<slash])
                    if folders.insert(folder).inserted { try writer.addFolder(folder) }
                }
                try writer.addFile(name, try build.read(path, in: coding))
            }
        }
    }

    /// Takes a build from an archive or a folder into a store, and makes it current.
    ///
    /// An archive or folder with a `build.json`, anywhere in it but only one of them at the top, must have exactly
    /// what that says. A folder without one is taken as a mirror of the web app by its URLs, as the cache of the
    /// Python package `cellucid` is.
    /// - Parameters:
    ///   - path: of an archive that `export` or a tar program has made, or of a folder.
    ///   - store: where to.
    /// - Returns: the build, open.
    /// - Throws: `BuildStoreError`; the store is as before then.
    public static func load(_ path: String, into store: BuildStore) throws(BuildStoreError) -> Build {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .last(path, "stat") }
        if status.st_mode & S_IFMT == S_IFDIR { return try load(directory: path, into: store) }
        return try load(archive: path, into: store)
    }

    /// Takes a build from a tar archive; see `load(_:into:)`.
    static func load(archive path: String, into store: BuildStore) throws(BuildStoreError) -> Build {
        let reader = try TarReader(path)
        let manifests = reader.names.filter { "/\($0)".hasSuffix("/\(BuildManifest.fileName)") }
        func depth(_ name: String) -> Int { name.utf8.count { $0 == UInt8(ascii: "/") } }
        let least = manifests.map(depth).min()
        let top = manifests.filter { depth($0) == least }
        guard let name = top.first, top.count == 1 else {
            throw BuildStoreError(
                path,
                top.isEmpty
                    ? "there is no build.json in the archive" : "there are several builds in the archive",
                kind: .invalid
            )
        }
        let folder = String(name.dropLast(BuildManifest.fileName.count))
        let json = try reader.read(name, limit: BuildManifest.longest) ?? []
        let manifest = try BuildManifest(json: json, path: "\(path): \(name)")
        return try commit(manifest, from: "\(path): \(folder)", into: store) {
            name,
            limit throws(BuildStoreError) in
            try reader.read(folder + name, limit: limit)
        }
    }

    /// Commits what a manifest describes.
    /// - Parameters:
    ///   - manifest: a valid one.
    ///   - source: where the files are, with a separator at its end, for messages.
    ///   - store: where to.
    ///   - read: the content of a file by its name beside the manifest, `nil` when it is missing.
    /// - Returns: the build, open.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when a file is not what the manifest says.
    static func commit(
        _ manifest: BuildManifest,
        from source: String,
        into store: BuildStore,
        read: (_ name: String, _ limit: UInt64) throws(BuildStoreError) -> [UInt8]?
    ) throws(BuildStoreError) -> Build {
        let staged = try store.stage()
        for file in manifest.files {
            guard let path = AssetPath(file.path) else { preconditionFailure("the manifest is not valid") }
            func content(_ coding: Build.Coding) throws(BuildStoreError) -> [UInt8]? {
                guard let size = file.size(in: coding) else { return nil }
                let name = "\(coding.rawValue)/\(file.path)"
                guard let bytes = try read(name, size) else {
                    throw BuildStoreError(source + name, "the file is missing", kind: .damaged)
                }
                guard UInt64(bytes.count) == size, SHA256.hexDigest(of: bytes) == file.sha256(in: coding)
                else {
                    throw BuildStoreError(source + name, "its content has changed (SHA-256)", kind: .damaged)
                }
                return bytes
            }
            let codings = try FileCodings(
                path,
                plain: content(.identity) ?? [],
                gzip: content(.gzip),
                brotli: content(.brotli)
            )
            try staged.add(codings, isAdded: file.isAdded ?? false)
        }
        return try staged.commit(
            origin: manifest.origin,
            buildID: manifest.buildID,
            isInventoried: manifest.isInventoried,
            fetchedSeconds: manifest.fetchedSeconds
        )
    }
}
