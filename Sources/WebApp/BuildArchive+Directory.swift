import Glibc
import Reactor

/// Builds from folders.
extension BuildArchive {
    /// Takes a build from a folder: an unpacked archive, the folder of a build, or a mirror of the web app by its
    /// URLs, as the cache of the Python package `cellucid` is.
    static func load(directory path: String, into store: BuildStore) throws(BuildStoreError) -> Build {
        let folder = try Folder.open(path)
        for inner in [folder, try folder.folder(folderName)].compactMap(\.self)
        where try inner.status(of: BuildManifest.fileName) != nil {
            let manifest = try BuildManifest(
                json: try inner.read(BuildManifest.fileName, limit: BuildManifest.longest),
                path: inner.path(BuildManifest.fileName)
            )
            return try commit(manifest, from: inner.path("/"), into: store) {
                name,
                limit throws(BuildStoreError) in
                try inner.status(of: name) == nil ? nil : try inner.read(name, limit: limit)
            }
        }
        return try load(mirror: folder, into: store)
    }

    /// Takes the files of a mirror that are part of the web app, and leaves out hidden files and all others.
    private static func load(mirror folder: Folder, into store: BuildStore) throws(BuildStoreError) -> Build {
        guard let page = try folder.status(of: AssetPath.index.text) else {
            throw BuildStoreError(
                folder.path,
                "there is neither a build.json nor an index.html in the folder",
                kind: .invalid
            )
        }
        let staged = try store.stage()
        var walk = MirrorWalk(staged: staged)
        try walk.add(folder, below: "")
        return try staged.commit(
            origin: "import:\(name(of: folder))",
            buildID: BuildIDMeta.read(from: walk.page),
            isInventoried: false,
            fetchedSeconds: page.version.modifiedSeconds
        )
    }

    private static func name(of folder: Folder) -> String {
        guard let resolved = unsafe realpath(folder.path, nil) else { return "folder" }
        defer { unsafe free(resolved) }
        let path = unsafe String(cString: resolved)
        return path.split(separator: "/").last.map(String.init) ?? "folder"
    }
}

/// A walk through a mirror that adds its files to a staged build.
private struct MirrorWalk {
    let staged: StagedBuild
    /// The content of `index.html`.
    private(set) var page: [UInt8] = []
    private var files = 0
    private var bytes: UInt64 = 0

    init(staged: StagedBuild) { self.staged = staged }

    /// Adds what is in a folder.
    /// - Parameters:
    ///   - folder: the folder.
    ///   - parent: its path below the mirror, with a slash at its end.
    /// - Throws: `BuildStoreError`, of kind `.invalid` for links, devices and names that cannot be served.
    mutating func add(_ folder: Folder, below parent: String) throws(BuildStoreError) {
        for name in try folder.names() where !name.hasPrefix(".") {
            let isAsset = "\(parent)\(name)/".hasPrefix("assets/")
            if let inner = try folder.folder(name) {
                if isAsset { try add(inner, below: "\(parent)\(name)/") }
                continue
            }
            guard let path = AssetPath(parent + name), path.isPartOfWebApp else {
                if !isAsset { continue }
                throw BuildStoreError(
                    folder.path(name),
                    "the web app has no files of such a name",
                    kind: .invalid
                )
            }
            try add(path, folder, name)
        }
    }

    private mutating func add(_ path: AssetPath, _ folder: Folder, _ name: String) throws(BuildStoreError) {
        guard let status = try folder.status(of: name), status.kind == .regular else {
            throw BuildStoreError(folder.path(name), "it is no regular file", kind: .invalid)
        }
        let content = try folder.read(name, limit: BuildManifest.mostBytes - bytes)
        bytes += UInt64(content.count)
        files += 1
        guard files <= BuildManifest.mostFiles else {
            throw BuildStoreError(
                folder.path,
                "there are more than \(BuildManifest.mostFiles) files",
                kind: .invalid
            )
        }
        if path == .index { page = content }
        try staged.add(path, content)
    }
}
