import Reactor
import Synchronization

/// A build while it is being made, in a folder that nobody reads.
///
/// Files may be added on several threads at a time. Nothing is forced to the disk before `commit`, which does so
/// for all files before anything can see them. Without a commit the folder is removed, by `discard`, with the
/// object, or by the next process that uses the store.
public final class StagedBuild: Sendable {
    private enum State: Sendable {
        case open([AssetPath: BuildManifest.File])
        case ended
    }

    let name: String
    let folder: Folder
    let lock: FileLock
    private let store: BuildStore
    private let state = Mutex(State.open([:]))

    init(store: BuildStore, name: String, folder: Folder, lock: FileLock) {
        self.store = store
        self.name = name
        self.folder = folder
        self.lock = lock
    }

    deinit { discard() }

    /// Adds a file; one of the same path is replaced.
    /// - Parameters:
    ///   - path: the file.
    ///   - content: its plain bytes.
    ///   - gzip: its gzip coding; made when it is missing and the type of the file promises something. Codings that
    ///     save less than a twentieth are not kept.
    ///   - brotli: its Brotli coding.
    /// - Throws: `BuildStoreError` when it cannot be written.
    public func add(
        _ path: AssetPath,
        _ content: [UInt8],
        gzip: [UInt8]? = nil,
        brotli: [UInt8]? = nil
    ) throws(BuildStoreError) {
        try add(try FileCodings(path, plain: content, gzip: gzip, brotli: brotli), isAdded: false)
    }

    /// Adds a file with its codings.
    /// - Parameters:
    ///   - codings: the file.
    ///   - isAdded: whether it was once added to the build when that was complete.
    /// - Throws: `BuildStoreError` when it cannot be written.
    func add(_ codings: FileCodings, isAdded: Bool) throws(BuildStoreError) {
        for coding in Build.Coding.allCases {
            let name = "\(coding.rawValue)/\(codings.path)"
            if let content = codings[coding] {
                try folder.write(content, to: name)
            } else {
                try folder.removeFile(name)
            }
        }
        try note(codings.path, codings.file(isAdded: isAdded))
    }

    /// Takes a file with its codings from another build, where possible without copying it.
    ///
    /// The content is not looked at: that build was verified when it was opened.
    /// - Parameters:
    ///   - path: the file.
    ///   - build: where it is.
    /// - Returns: `false` when that build has no such file any more.
    /// - Throws: `BuildStoreError` when it cannot be written.
    public func reuse(_ path: AssetPath, from build: Build) throws(BuildStoreError) -> Bool {
        guard var file = build.file(path) else { return false }
        for coding in Build.Coding.allCases where file.size(in: coding) != nil {
            let name = "\(coding.rawValue)/\(path)"
            guard try build.folder.status(of: name) != nil else { return false }
            if let slash = name.lastIndex(of: "/") { try folder.makeFolders(String(name[..<slash])) }
            try folder.removeFile(name)
            if try build.folder.link(name, to: name, in: folder) { continue }
            try folder.write(try build.read(path, in: coding), to: name)
        }
        file.isAdded = nil
        try note(path, file)
        return true
    }

    /// Completes the build and makes it the current one.
    ///
    /// When the store has an equal build already, that is used and this one removed. The build that was current
    /// becomes the one before; older ones are removed unless a process uses them.
    /// - Parameters:
    ///   - origin: where it is from.
    ///   - buildID: what the page calls its build.
    ///   - isInventoried: whether the origin's inventory said which files there are.
    ///   - fetchedSeconds: when it was fetched, Unix time.
    /// - Returns: the build, open.
    /// - Throws: `BuildStoreError`, of kind `.invalid` when the files make no build. The store is as before then, and
    ///   this object can still be used.
    public func commit(
        origin: String,
        buildID: String?,
        isInventoried: Bool,
        fetchedSeconds: Int64
    ) throws(BuildStoreError) -> Build {
        let files = state.withLock { state in
            guard case .open(let files) = state else { preconditionFailure("the build is committed") }
            return Array(files.values)
        }
        let manifest = BuildManifest(
            buildID: buildID,
            origin: origin,
            fetchedSeconds: fetchedSeconds,
            isInventoried: isInventoried,
            files: files
        )
        if let mistake = manifest.mistake { throw BuildStoreError(folder.path, mistake, kind: .invalid) }
        try folder.write(manifest.json, to: BuildManifest.fileName)
        try folder.synchronizeTree()
        let build = try store.install(self, manifest)
        discard()
        return build
    }

    /// Ends the build and removes what was written, unless it is committed.
    public func discard() {
        let wasOpen = state.withLock { state in
            guard case .open = state else { return false }
            state = .ended
            return true
        }
        guard wasOpen, let root = try? Folder.open(store.path) else { return }
        // What cannot be removed now is a leftover that goes later.
        try? root.remove("\(BuildStore.incomingName)/\(name)")
    }

    private func note(_ path: AssetPath, _ file: BuildManifest.File) throws(BuildStoreError) {
        let isOpen = state.withLock { state in
            guard case .open(var files) = state else { return false }
            files[path] = file
            state = .open(files)
            return true
        }
        guard isOpen else {
            throw BuildStoreError(folder.path, "the build has been discarded", kind: .invalid)
        }
    }
}
