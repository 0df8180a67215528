import Reactor

/// Opening builds, which are verified then: the manifest, and size and SHA-256 of every file.
extension BuildStore {
    /// Opens the current build and the one before.
    ///
    /// A damaged build is set aside (renamed, and removed with the next commit) when the store can be changed. If
    /// it was the current one, the one before takes its place.
    /// - Returns: the builds that are good, and what was wrong with the others.
    /// - Throws: `BuildStoreError` when the store cannot be read.
    public func open() throws(BuildStoreError) -> Contents {
        var contents = Contents()
        contents.current = try open(link: Self.currentLink, &contents.damages)
        contents.previous = try open(link: Self.previousLink, &contents.damages)
        if contents.current == nil, let previous = contents.previous {
            contents.current = previous
            // Where that cannot be written down, the next one to open the store finds out again.
            try? makeCurrent(previous)
        }
        if contents.previous?.id == contents.current?.id { contents.previous = nil }
        return contents
    }

    /// Opens the build of that identifier.
    /// - Returns: `nil` when there is none.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when it is not what it was; it is set aside then.
    public func open(id: String) throws(BuildStoreError) -> Build? {
        guard BuildManifest.isIdentifier(id) else { return nil }
        return try openVerified(id, in: try Folder.open(path), setsAside: true)
    }

    /// The identifier of the current build, which is not looked at: another process may have made another one
    /// current.
    public func currentID() -> String? {
        guard let root = try? Folder.open(path), let id = Self.identifier(Self.currentLink, in: root),
            let status = try? root.status(of: "\(Self.buildsName)/\(id)")
        else { return nil }
        return status.kind == .directory ? id : nil
    }

    /// Looks whether another process has added files to a build.
    /// - Returns: the build with them, or `nil` when nothing has changed.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when it is not what it should be.
    public func refresh(_ build: Build) throws(BuildStoreError) -> Build? {
        guard let status = try build.folder.status(of: BuildManifest.fileName),
            status.version != build.version
        else { return nil }
        let new = try Build(in: build.folder, lock: build.lock)
        guard new.id == build.id else {
            throw BuildStoreError(new.path, "it has become another build", kind: .damaged)
        }
        try new.verify(exceptThoseOf: build)
        return new
    }

    static func identifier(_ link: String, in root: Folder) -> String? {
        guard let target = root.target(ofLink: link), target.hasPrefix(buildsName + "/") else { return nil }
        let id = String(target.dropFirst(buildsName.count + 1))
        return BuildManifest.isIdentifier(id) ? id : nil
    }

    /// Opens what a link points to, or `nil` when that is missing or damaged.
    private func open(
        link: String,
        _ damages: inout [BuildStoreError]
    ) throws(BuildStoreError) -> Build? {
        let root = try Folder.open(path)
        // Between reading the link and opening the folder another process can switch and remove.
        for _ in 0..<10 {
            guard let id = Self.identifier(link, in: root) else { return nil }
            do throws(BuildStoreError) {
                let build = try openVerified(id, in: root, setsAside: true)
                if let build { return build }
                guard Self.identifier(link, in: root) != id else { return nil }
            } catch {
                guard error.kind == .damaged else { throw error }
                damages.append(error)
                return nil
            }
        }
        return nil
    }

    /// Opens and verifies `builds/<id>`.
    /// - Returns: `nil` when it is not there or about to be removed.
    func openVerified(
        _ id: String,
        in root: Folder,
        setsAside: Bool
    ) throws(BuildStoreError) -> Build? {
        guard let folder = try root.folder("\(Self.buildsName)/\(id)") else { return nil }
        do throws(BuildStoreError) {
            var lock: FileLock?
            if try folder.status(of: Self.lockName) != nil {
                lock = try FileLock.shared(Self.lockName, in: folder)
                if lock == nil { return nil }
            }
            // Whoever removes builds renames them first.
            guard try folder.isNamed("\(Self.buildsName)/\(id)", in: root) else { return nil }
            let build = try Build(in: folder, lock: lock)
            guard build.id == id else {
                throw BuildStoreError(folder.path, "it is the build \(build.id)", kind: .damaged)
            }
            try build.verify()
            return build
        } catch {
            if error.kind == .damaged && setsAside {
                try? locked { root throws(BuildStoreError) in try Self.setAside(id, folder, in: root) }
            }
            throw error
        }
    }

    /// Renames a damaged build, unless another one has its name by now.
    static func setAside(_ id: String, _ folder: Folder, in root: Folder) throws(BuildStoreError) {
        let builds = try opened(buildsName, in: root)
        guard try folder.isNamed(id, in: builds) else { return }
        try builds.rename(id, to: "\(id).damaged-\(randomName())", in: builds)
        try builds.synchronize()
    }

    /// Puts a build in the place of a current one that is no longer there.
    private func makeCurrent(_ build: Build) throws(BuildStoreError) {
        try locked { root throws(BuildStoreError) in
            if let id = Self.identifier(Self.currentLink, in: root),
                try root.folder("\(Self.buildsName)/\(id)") != nil
            {
                return
            }
            try Self.setLink(Self.currentLink, to: build.id, in: root)
            try root.synchronize()
        }
    }
}
