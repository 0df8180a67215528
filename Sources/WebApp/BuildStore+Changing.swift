import Glibc
import Reactor

/// Making builds current, removing old ones, adding files. All but the public parts need the store's lock.
extension BuildStore {
    /// Begins a build.
    /// - Returns: a place for its files, which goes with what is in it unless it is committed.
    /// - Throws: `BuildStoreError` when the store cannot be changed.
    public func stage() throws(BuildStoreError) -> StagedBuild {
        try locked { root throws(BuildStoreError) in
            Self.removeLeftovers(in: root)
            let incoming = try Self.opened(Self.incomingName, in: root)
            let name = Self.randomName()
            try incoming.makeFolders(name)
            let folder = try Self.opened(name, in: incoming)
            guard let lock = try FileLock.exclusive(Self.lockName, in: folder) else {
                throw BuildStoreError(folder.path, "another process has taken it", kind: .locked)
            }
            return StagedBuild(store: self, name: name, folder: folder, lock: lock)
        }
    }

    /// Adds a file to a complete build, for good: for all processes, and also when the build is opened again.
    ///
    /// A file of that path that is there already stays as it is.
    /// - Parameters:
    ///   - build: open and not damaged.
    ///   - path: the file.
    ///   - content: its plain bytes.
    ///   - gzip: its gzip coding; made when it is missing and worth it.
    ///   - brotli: its Brotli coding.
    /// - Returns: the build with the file, and with those that other processes have added meanwhile.
    /// - Throws: `BuildStoreError`; the build is then as before.
    public func add(
        to build: Build,
        _ path: AssetPath,
        _ content: [UInt8],
        gzip: [UInt8]? = nil,
        brotli: [UInt8]? = nil
    ) throws(BuildStoreError) -> Build {
        let codings = try FileCodings(path, plain: content, gzip: gzip, brotli: brotli)
        return try locked { root throws(BuildStoreError) in try Self.add(codings, to: build, root) }
    }

    private static func add(
        _ codings: FileCodings,
        to build: Build,
        _ root: Folder
    ) throws(BuildStoreError) -> Build {
        guard try build.folder.isNamed("\(buildsName)/\(build.id)", in: root) else {
            throw BuildStoreError(build.path, "the build is no longer in the store", kind: .invalid)
        }
        let newest = try Build(in: build.folder, lock: build.lock)
        if newest.file(codings.path) != nil { return newest }
        var manifest = newest.manifest
        manifest.files = BuildManifest.sorted(manifest.files + [codings.file(isAdded: true)])
        if let mistake = manifest.mistake {
            throw BuildStoreError(build.folder.path(codings.path.text), mistake, kind: .invalid)
        }
        for coding in Build.Coding.allCases {
            guard let content = codings[coding] else { continue }
            try build.folder.replace("\(coding.rawValue)/\(codings.path)", with: content)
        }
        try build.folder.replace(BuildManifest.fileName, with: manifest.json)
        return try Build(in: build.folder, lock: build.lock)
    }

    // MARK: With the lock

    /// Moves a staged build to its place, unless a good one is there already, and makes it current.
    func install(_ staged: StagedBuild, _ manifest: BuildManifest) throws(BuildStoreError) -> Build {
        try locked { root throws(BuildStoreError) in
            let build: Build
            if let existing = try existing(manifest.id, in: root) {
                build = try Self.merge(staged, manifest, into: existing, root)
            } else {
                build = try Self.move(staged, to: manifest.id, in: root)
            }
            try Self.makeCurrent(build.id, in: root)
            Self.prune(root)
            return build
        }
    }

    /// The build of that identifier, if it is there; a damaged one is set aside.
    private func existing(_ id: String, in root: Folder) throws(BuildStoreError) -> Build? {
        do throws(BuildStoreError) {
            return try openVerified(id, in: root, setsAside: false)
        } catch {
            let builds = try Self.opened(Self.buildsName, in: root)
            guard error.kind == .damaged, let folder = try builds.folder(id) else { throw error }
            try Self.setAside(id, folder, in: root)
            return nil
        }
    }

    private static func move(
        _ staged: StagedBuild,
        to id: String,
        in root: Folder
    ) throws(BuildStoreError) -> Build {
        let builds = try opened(buildsName, in: root)
        try staged.lock.share(staged.folder.path(lockName))
        try opened(incomingName, in: root).rename(staged.name, to: id, in: builds)
        try builds.synchronize()
        return try Build(in: try opened(id, in: builds), lock: staged.lock)
    }

    /// Gives an equal build the added files of a staged one.
    private static func merge(
        _ staged: StagedBuild,
        _ manifest: BuildManifest,
        into existing: Build,
        _ root: Folder
    ) throws(BuildStoreError) -> Build {
        var build = existing
        let source = try Build(in: staged.folder, lock: nil)
        for (path, file) in source.files where file.isAdded == true && build.file(path) == nil {
            let codings = try FileCodings(
                path,
                plain: source.read(path),
                gzip: file.gzipBytes == nil ? nil : source.read(path, in: .gzip),
                brotli: file.brotliBytes == nil ? nil : source.read(path, in: .brotli)
            )
            build = try add(codings, to: build, root)
        }
        return build
    }

    /// Switches the links; what was current becomes the build before.
    private static func makeCurrent(_ id: String, in root: Folder) throws(BuildStoreError) {
        let old = identifier(currentLink, in: root)
        guard old != id else { return }
        if let old, try root.folder("\(buildsName)/\(old)") != nil {
            try setLink(previousLink, to: old, in: root)
        }
        try setLink(currentLink, to: id, in: root)
        try root.synchronize()
    }

    /// Points a link to a build; there is no moment without the link.
    static func setLink(_ name: String, to id: String, in root: Folder) throws(BuildStoreError) {
        let incoming = try opened(incomingName, in: root)
        let temporary = randomName()
        try incoming.makeLink(temporary, to: "\(buildsName)/\(id)")
        try incoming.rename(temporary, to: name, in: root)
    }

    /// Removes all builds that are neither current nor the one before, nor in use.
    ///
    /// Failures do not matter: the next commit tries again.
    private static func prune(_ root: Folder) {
        guard let builds = try? opened(buildsName, in: root),
            let incoming = try? opened(incomingName, in: root)
        else { return }
        let kept = [identifier(currentLink, in: root), identifier(previousLink, in: root)]
        for name in (try? builds.names()) ?? [] where !kept.contains(name) {
            guard let folder = try? builds.folder(name), let claim = try? claim(folder) else { continue }
            // Renamed first, so that nobody opens what is half gone.
            let temporary = randomName()
            if (try? builds.rename(name, to: temporary, in: incoming)) != nil {
                try? incoming.remove(temporary)
            }
            withExtendedLifetime(claim) {}
        }
    }

    /// Removes what interrupted processes left in `incoming`.
    ///
    /// Failures do not matter: whoever comes next tries again.
    static func removeLeftovers(in root: Folder) {
        guard let incoming = try? opened(incomingName, in: root) else { return }
        for name in (try? incoming.names()) ?? [] {
            guard let folder = try? incoming.folder(name) else {
                try? incoming.removeFile(name)
                continue
            }
            guard let claim = try? claim(folder) else { continue }
            try? incoming.remove(name)
            withExtendedLifetime(claim) {}
        }
    }

    /// The right to remove a folder.
    private struct Claim {
        /// `nil` when the folder has no lock: its maker makes one before anybody else can look.
        let lock: FileLock?
    }

    /// Claims a folder that nobody uses; `nil` when somebody does.
    private static func claim(_ folder: Folder) throws(BuildStoreError) -> Claim? {
        guard try folder.status(of: lockName) != nil else { return Claim(lock: nil) }
        return try FileLock.exclusive(lockName, in: folder).map { Claim(lock: $0) }
    }
}
