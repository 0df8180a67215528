import Reactor

/// One pass over the folders of one root, looking at metadata only.
struct RootWalk {
    /// A folder that is, or is meant to be, a dataset.
    struct Candidate {
        enum Content {
            case unchanged(Dataset)
            case unread(DirectoryDescriptor, DatasetVersion)
            case broken(reason: String)

            var isServable: Bool {
                if case .broken = self { return false }
                return true
            }
        }

        let location: Dataset.Location
        let content: Content
    }

    /// A directory in which a change can change the catalogue.
    struct Visit: Hashable {
        let directory: DirectoryID
        let location: Dataset.Location
    }

    /// What was found, in listing order.
    private(set) var candidates: [Candidate] = []
    private(set) var visits: [Visit] = []
    /// Whether the root's own directory is a dataset, so that its children were not looked at.
    private(set) var rootIsDataset = false

    private let root: Int
    private let isRecursive: Bool
    private let previous: [Dataset.Location: Dataset]

    /// Walks the root at `path`.
    ///
    /// - Throws: The error of opening or listing the root itself; errors below it become broken candidates.
    init(
        root: Int,
        path: String,
        isRecursive: Bool,
        previous: [Dataset.Location: Dataset]
    ) throws(SystemError) {
        self.root = root
        self.isRecursive = isRecursive
        self.previous = previous

        let directory = try FileSystem.openRoot(path)
        let id = try FileSystem.status(of: directory).directoryID
        let location = Dataset.Location(root: root, path: FileName(""))
        visits.append(Visit(directory: id, location: location))
        if let content = examine(id: id, at: location, open: { () throws(SystemError) in directory }) {
            candidates.append(Candidate(location: location, content: content))
            if case .broken = content {} else { rootIsDataset = true }
        }
        if !rootIsDataset { try walk(directory, below: location, level: 1) }
        candidates.sort { FileName.precedes($0.location.path, $1.location.path) }
    }

    private mutating func walk(
        _ directory: DirectoryDescriptor,
        below parent: Dataset.Location,
        level: Int
    ) throws(SystemError) {
        for entry in try FileSystem.entries(of: directory) where !entry.name.isHidden {
            // Operators link datasets into a root; deeper links could lead anywhere, even back to the start.
            let followingLinks = level == 1
            switch entry.kind {
            case .other: continue
            case .symbolicLink where !followingLinks: continue
            case .directory, .symbolicLink, .unknown: break
            }
            let location = Dataset.Location(root: root, path: parent.path.appending(entry.name))
            do {
                guard
                    let status = try FileSystem.status(
                        of: entry.name,
                        in: directory,
                        followingLinks: followingLinks
                    ), status.kind == .directory
                else { continue }
                try look(
                    at: entry.name,
                    in: directory,
                    id: status.directoryID,
                    location: location,
                    level: level
                )
            } catch {
                if error.isExhaustion { throw error }
                addUnreadable(location, error)
            }
        }
    }

    private mutating func look(
        at name: FileName,
        in parent: DirectoryDescriptor,
        id: DirectoryID,
        location: Dataset.Location,
        level: Int
    ) throws(SystemError) {
        visits.append(Visit(directory: id, location: location))
        let open = { () throws(SystemError) in
            try FileSystem.openDirectory(name, in: parent, followingLinks: level == 1)
        }
        var content = examine(id: id, at: location, open: open)
        if !(content?.isServable ?? false),
            let now = try FileSystem.status(of: name, in: parent, followingLinks: level == 1),
            now.kind == .directory, now.directoryID != id
        {
            // The name was given to another directory in the meantime, and what was looked at is on its way out.
            visits.append(Visit(directory: now.directoryID, location: location))
            content = examine(id: now.directoryID, at: location, open: open)
        }
        if let content {
            candidates.append(Candidate(location: location, content: content))
        } else if isRecursive, level < ScanOptions.maximumDepth {
            try walk(open(), below: location, level: level + 1)
        }
    }

    /// Recognises one directory; `nil` means that it has nothing to do with datasets.
    private func examine(
        id: DirectoryID,
        at location: Dataset.Location,
        open: () throws(SystemError) -> DirectoryDescriptor
    ) -> Candidate.Content? {
        // The descriptor of an unchanged directory is open already, which saves opening and closing it.
        let known = previous[location].flatMap { $0.identityVersion.directory == id ? $0 : nil }
        do throws(SystemError) {
            let directory = if let known { known.directory } else { try open() }
            switch DatasetFiles.recognise(directory, id: id) {
            case .unrelated: return nil
            case .broken(let reason): return .broken(reason: reason)
            case .complete(let version):
                if let known, known.identityVersion == version { return .unchanged(known) }
                return .unread(directory, version)
            }
        } catch {
            return error.isMissing ? nil : .broken(reason: Self.reason(error))
        }
    }

    private mutating func addUnreadable(_ location: Dataset.Location, _ error: SystemError) {
        guard !error.isMissing else { return }
        candidates.append(Candidate(location: location, content: .broken(reason: Self.reason(error))))
    }

    private static func reason(_ error: SystemError) -> String {
        "the folder cannot be read: \(error.sentence)"
    }
}
