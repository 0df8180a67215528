import Reactor

extension RootScanner {
    /// Whether a dataset's folder is still what its path leads to, or has been replaced or removed since the scan.
    ///
    /// Blocks for two calls to the file system.
    /// - Parameter dataset: from a snapshot of this scanner.
    /// - Returns: `false` also when the root is no longer there.
    public func isInPlace(_ dataset: Dataset) -> Bool {
        directoryInPlace(of: dataset) == dataset.identityVersion.directory
    }

    /// The directory that a dataset's path leads to now; `nil` when it leads to none.
    func directoryInPlace(of dataset: Dataset) -> DirectoryID? {
        let location = dataset.location
        guard location.root < roots.count else { return nil }
        do throws(SystemError) {
            let root = try FileSystem.openRoot(roots[location.root].path)
            let status =
                location.path.isEmpty
                ? try FileSystem.status(of: root) : try FileSystem.status(of: location.path, in: root)
            return status?.kind == .directory ? status?.directoryID : nil
        } catch {
            return nil
        }
    }
}
