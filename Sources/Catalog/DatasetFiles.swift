import Reactor

/// The files by which an export folder is recognised, and the checks on them.
enum DatasetFiles {
    static let identity = "dataset_identity.json"
    static let manifest = "obs_manifest.json"
    /// Every name a points file can have, one of which must exist.
    static let points = (1...4).flatMap { ["points_\($0)d.bin", "points_\($0)d.bin.gz"] }

    /// Far above any real identity document, low enough not to hurt when it is read.
    static let maximumIdentityBytes: UInt64 = 64 << 20

    private static let identityName = FileName(identity)
    private static let manifestName = FileName(manifest)
    private static let pointsNames = points.map { FileName($0) }

    /// How a folder looks from its files' metadata.
    enum Recognition {
        /// Not one of the files exists: somebody else's folder.
        case unrelated
        /// Something is missing or unusable; the reason is one line.
        case broken(reason: String)
        /// Everything is there; the content has not been read.
        case complete(DatasetVersion)
    }

    /// Looks at the metadata of the files in an open directory.
    static func recognise(_ directory: DirectoryDescriptor, id: DirectoryID) -> Recognition {
        do throws(SystemError) {
            let identityStatus = try FileSystem.status(of: identityName, in: directory)
            let manifestStatus = try FileSystem.status(of: manifestName, in: directory)
            var pointsStatuses: [(name: String, status: FileStatus)] = []
            for (name, fileName) in zip(points, pointsNames) {
                guard let status = try FileSystem.status(of: fileName, in: directory) else { continue }
                pointsStatuses.append((name, status))
            }
            guard identityStatus != nil || manifestStatus != nil || !pointsStatuses.isEmpty else {
                return .unrelated
            }
            let problems = [
                problem(of: identityStatus, named: identity, maximum: maximumIdentityBytes),
                problem(of: manifestStatus, named: manifest),
                problem(ofPoints: pointsStatuses),
            ].compactMap(\.self)
            guard problems.isEmpty, let identityStatus, let manifestStatus else {
                return .broken(reason: problems.joined(separator: "; "))
            }
            return .complete(
                DatasetVersion(
                    directory: id,
                    identity: identityStatus.version,
                    manifest: manifestStatus.version,
                    points: pointsStatuses.map(\.status.version)
                )
            )
        } catch {
            return .broken(reason: "the folder cannot be read: \(error.sentence)")
        }
    }

    /// What is wrong with the points files together, or `nil` as soon as one of them is usable.
    private static func problem(ofPoints files: [(name: String, status: FileStatus)]) -> String? {
        guard !files.contains(where: \.status.isNonEmptyFile) else { return nil }
        guard let first = files.first else {
            return "no points file "
                + "(expected points_1d.bin, points_2d.bin, points_3d.bin or the same with .gz)"
        }
        return problem(of: first.status, named: first.name)
    }

    /// What a file's metadata says against it, or `nil`.
    private static func problem(of status: FileStatus?, named name: String, maximum: UInt64 = .max) -> String?
    {
        guard let status else { return "\(name) is missing" }
        switch status.kind {
        case .regular: break
        case .directory: return "\(name) is a folder, expected a file"
        case .symbolicLink, .other: return "\(name) is not a regular file"
        }
        if status.version.size == 0 { return "\(name) is empty" }
        if status.version.size > maximum { return "\(name) is larger than \(maximum >> 20) MiB" }
        return nil
    }
}
