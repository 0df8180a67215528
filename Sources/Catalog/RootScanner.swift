import Reactor

/// Searches the configured roots for datasets.
///
/// A scan blocks on the file system and must not run on an event loop. Scans of one scanner may run on any
/// thread.
public struct RootScanner: Sendable {
    /// The roots, in listing order.
    public let roots: [Root]
    /// How they are searched.
    public let options: ScanOptions

    /// Creates a scanner; nothing is read yet.
    public init(roots: [Root], options: ScanOptions = ScanOptions()) {
        self.roots = roots
        self.options = options
    }

    /// Looks at all roots.
    ///
    /// Datasets that are unchanged since `previous` keep their object, and with it serial, descriptor and
    /// size; if nothing has changed at all, the result is `previous` itself.
    ///
    /// - Parameter previous: The last result of this scanner, or `nil` for the first scan.
    /// - Returns: A new snapshot, or `previous`.
    /// - Throws: `CatalogError.rootUnreadable` at the first scan. Later an unreadable root is reported in
    ///   `CatalogSnapshot.rootErrors`.
    public func scan(previous: CatalogSnapshot?) throws(CatalogError) -> CatalogSnapshot {
        let result = examine(previous: previous)
        if previous == nil, let failure = result.failures.first {
            throw .rootUnreadable(path: roots[failure.root].path, reason: failure.error.sentence)
        }
        return result.snapshot
    }

    /// A snapshot with what a watcher needs to know besides.
    struct Result {
        let snapshot: CatalogSnapshot
        /// Every directory that was looked at.
        let visits: [RootWalk.Visit]
        /// The roots that could not be read.
        let failures: [(root: Int, error: SystemError)]
    }

    /// Scans at the most, when folders are replaced while they are looked at.
    private static let maximumAttempts = 3

    /// Looks at all roots; an unreadable one is part of the result.
    ///
    /// A folder that is replaced while it is looked at may be seen half gone. Where a dataset seems lost although another
    /// folder is in its place, everything is looked at again.
    func examine(previous: CatalogSnapshot?) -> Result {
        var result = examineOnce(previous: previous)
        var attempts = 1
        while attempts < Self.maximumAttempts, hasLostReplaced(previous, result.snapshot) {
            result = examineOnce(previous: previous)
            attempts += 1
        }
        return result
    }

    private func hasLostReplaced(_ previous: CatalogSnapshot?, _ snapshot: CatalogSnapshot) -> Bool {
        guard let previous, previous !== snapshot else { return false }
        let found = Set(snapshot.datasets.map(\.location))
        return previous.datasets.contains { dataset in
            guard !found.contains(dataset.location), let directory = directoryInPlace(of: dataset) else {
                return false
            }
            return directory != dataset.identityVersion.directory
        }
    }

    private func examineOnce(previous: CatalogSnapshot?) -> Result {
        var known: [Dataset.Location: Dataset] = [:]
        for dataset in previous?.datasets ?? [] { known[dataset.location] = dataset }

        var findings: [Finding] = []
        var visits: [RootWalk.Visit] = []
        var failures: [(root: Int, error: SystemError)] = []
        var isSingleDataset = false
        for (index, root) in roots.enumerated() {
            do {
                let walk = try RootWalk(
                    root: index,
                    path: root.path,
                    isRecursive: options.recursive,
                    previous: known
                )
                findings += walk.candidates.map { Finding($0, directoryName: directoryName(of: $0.location)) }
                visits += walk.visits
                isSingleDataset = roots.count == 1 && root.name == nil && walk.rootIsDataset
            } catch {
                failures.append((index, error))
                findings.append(Finding(unreadableRoot: index, error))
                if error.isExhaustion {
                    // What is open already can still be served, and says nothing false about the folders.
                    findings +=
                        previous?.datasets.filter { $0.location.root == index }
                        .map { Finding(unchanged: $0, directoryName: directoryName(of: $0.location)) } ?? []
                    isSingleDataset = previous?.isSingleDataset ?? false
                }
            }
        }
        let snapshot = assemble(findings, isSingleDataset: isSingleDataset, previous: previous)
        return Result(snapshot: snapshot, visits: visits, failures: failures)
    }
}

extension RootScanner {
    /// A candidate whose content has been read.
    private struct Finding {
        enum Content {
            case unchanged(Dataset)
            case loaded(DirectoryDescriptor, DatasetVersion, DatasetIdentity)
            case broken(reason: String)
            case unreadableRoot(reason: String)
        }

        let location: Dataset.Location
        let directoryName: String
        let content: Content

        init(_ candidate: RootWalk.Candidate, directoryName: String) {
            location = candidate.location
            self.directoryName = directoryName
            switch candidate.content {
            case .unchanged(let dataset): content = .unchanged(dataset)
            case .broken(let reason): content = .broken(reason: reason)
            case .unread(let directory, let version):
                do {
                    content = .loaded(directory, version, try DatasetFiles.load(directory))
                } catch {
                    content = .broken(reason: error.reason)
                }
            }
        }

        init(unchanged dataset: Dataset, directoryName: String) {
            location = dataset.location
            self.directoryName = directoryName
            content = .unchanged(dataset)
        }

        init(unreadableRoot root: Int, _ error: SystemError) {
            location = Dataset.Location(root: root, path: FileName(""))
            directoryName = ""
            content = .unreadableRoot(reason: "the root folder cannot be read: \(error.sentence)")
        }

        var wantsMount: Bool {
            if case .unreadableRoot = content { false } else { true }
        }
    }

    /// Gives every finding its mount and makes the snapshot.
    private func assemble(
        _ findings: [Finding],
        isSingleDataset: Bool,
        previous: CatalogSnapshot?
    ) -> CatalogSnapshot {
        let names = findings.filter(\.wantsMount).map { mountName(of: $0) }
        var mounts = MountAssignment.mounts(for: names, reservedMounts: options.reservedMounts)[...]
        var datasets: [Dataset] = []
        var broken: [BrokenDataset] = []
        var rootErrors: [BrokenDataset] = []
        for finding in findings {
            let mount = finding.wantsMount ? mounts.popFirst() : nil
            let folder = folder(of: finding.location)
            switch (finding.content, mount) {
            case (.unchanged(let dataset), let mount?):
                datasets.append(dataset.mount == mount ? dataset : Dataset(dataset, mount: mount))
            case (.loaded(let directory, let version, let identity), let mount?):
                datasets.append(
                    Dataset(
                        mount: mount,
                        identity: identity,
                        folder: folder,
                        directoryName: finding.directoryName,
                        location: finding.location,
                        directory: directory,
                        version: version
                    )
                )
            case (.broken(let reason), _):
                broken.append(BrokenDataset(folder: folder, mount: mount, reason: reason))
            case (.unreadableRoot(let reason), _):
                let report = BrokenDataset(folder: folder, mount: nil, reason: reason)
                broken.append(report)
                rootErrors.append(report)
            case (.unchanged, nil), (.loaded, nil):
                preconditionFailure("every dataset has a mount")
            }
        }
        let snapshot = CatalogSnapshot(
            datasets: datasets,
            broken: broken,
            rootErrors: rootErrors,
            warnings: DuplicateIDs.warnings(for: datasets),
            generation: (previous?.generation ?? 0) + 1,
            isSingleDataset: isSingleDataset
        )
        if let previous, snapshot.hasSameContent(as: previous) { return previous }
        return snapshot
    }

    /// The mount a folder would have if all names were possible and free.
    private func mountName(of finding: Finding) -> String {
        let root = roots[finding.location.root]
        if finding.location.path.isEmpty { return root.name ?? finding.directoryName }
        let name = finding.location.path.text.split(separator: "/").joined(separator: "-")
        return root.name.map { "\($0)-\(name)" } ?? name
    }

    private func folder(of location: Dataset.Location) -> String {
        location.path.isEmpty ? roots[location.root].displayName : location.path.text
    }

    private func directoryName(of location: Dataset.Location) -> String {
        guard !location.path.isEmpty else { return roots[location.root].directoryName }
        let text = location.path.text
        return text.split(separator: "/").last.map { String($0) } ?? text
    }
}
