import Reactor

extension FileSystem {
    /// Deeper folders than any export has; stops a walk through a file system that is its own child.
    private static let maximumWalkDepth = 32

    /// The bytes of all regular files below `directory`, without following symbolic links.
    static func totalSize(below directory: DirectoryDescriptor, depth: Int = 0) -> UInt64 {
        guard depth < maximumWalkDepth, let entries = try? entries(of: directory) else { return 0 }
        var total: UInt64 = 0
        for entry in entries {
            guard let status = try? status(of: entry.name, in: directory, followingLinks: false) else {
                continue
            }
            switch status.kind {
            case .regular:
                total &+= status.version.size
            case .directory:
                guard let child = try? openDirectory(entry.name, in: directory, followingLinks: false) else {
                    continue
                }
                total &+= totalSize(below: child, depth: depth + 1)
            case .symbolicLink, .other:
                continue
            }
        }
        return total
    }
}
